#include "diagnosis/recorded_exchange.hpp"

#include <algorithm>
#include <array>
#include <functional>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "diagnosis/answer_reading.hpp"
#include "diagnosis/json_reading.hpp"
#include "diagnosis/times.hpp"

namespace sluice::diagnosis {
namespace {

constexpr std::size_t start_max = 256;
constexpr std::size_t value_max = 1024;

bool is_secret(std::string_view name) {
    const std::string lower = lower_case(name);
    return lower.starts_with("oauth_") || lower.contains("token") || lower.contains("secret") ||
           lower.contains("password") || lower.contains("signature");
}

bool is_media(std::string_view name) {
    return name == "media" || name == "media_data";
}

void add_part(Call& call, const RecordedPart& part, bool is_multipart) {
    const bool is_file = is_media(part.name) || !part.file_name.empty();
    if (is_secret(part.name) || part.name.empty()) {
        return;
    }
    if (!is_file) {
        call.parameters.try_emplace(part.name, part.value.substr(0, value_max));
        return;
    }
    if (!call.media || (call.media->bytes == 0u && is_media(part.name))) {
        call.media = SeenMedia{
            .name = part.name,
            .bytes = part.bytes           ? part.bytes
                     : part.value.empty() ? std::nullopt
                                          : std::optional<std::uint64_t>(part.value.size()),
            .start = part.value.substr(0, start_max),
            .file_name = part.file_name,
            .says_base64 = part.is_base64 || part.name == "media_data" || !is_multipart,
        };
    }
}

void add_pairs(Call& call, std::string_view pairs) {
    while (!pairs.empty()) {
        const auto end = std::min(pairs.find('&'), pairs.size());
        const std::string_view pair = pairs.substr(0, end);
        pairs.remove_prefix(std::min(end + 1, pairs.size()));
        const auto equal = std::min(pair.find('='), pair.size());
        const auto value = percent_decode(pair.substr(std::min(equal + 1, pair.size())), true);
        add_part(
            call,
            {.name = percent_decode(pair.substr(0, equal), true).value_or(""),
             .value = value.value_or("")},
            false
        );
    }
}

std::string quoted_value(std::string_view line, std::string_view name) {
    const auto at = line.find(std::string(name) + "=\"");
    if (at == std::string_view::npos) {
        return {};
    }
    const auto begin = at + name.size() + 2;
    const auto end = line.find('"', begin);
    return std::string(line.substr(begin, end - begin));
}

RecordedPart part_of(std::string_view text) {
    const auto blank = text.find("\r\n\r\n");
    const auto plain = text.find("\n\n");
    const auto end = std::min(blank, plain);
    const std::size_t gap = end == blank ? 4 : 2;
    if (end == std::string_view::npos) {
        return {};
    }
    const std::string_view head = text.substr(0, end);
    std::string_view value = text.substr(end + gap);
    value = value.ends_with("\r\n") ? value.substr(0, value.size() - 2)
            : value.ends_with('\n') ? value.substr(0, value.size() - 1)
                                    : value;
    const std::string lower = lower_case(head);
    return {
        .name = quoted_value(head, " name"),
        .value = std::string(value),
        .file_name = quoted_value(head, "filename"),
        .is_base64 = lower.contains("content-transfer-encoding: base64"),
    };
}

void add_multipart(Call& call, std::string_view body) {
    const auto line_end = body.find_first_of("\r\n");
    const std::string boundary(body.substr(0, line_end));
    if (!boundary.starts_with("--") || boundary.size() < 4) {
        return;
    }
    for (std::size_t at = 0; at != std::string_view::npos;) {
        const auto begin = at + boundary.size();
        const auto next = body.find(boundary, begin);
        add_part(call, part_of(body.substr(begin, next - begin)), true);
        at = next;
    }
}

// "1,2"; empty: there are none.
std::string joined_ids(const boost::json::object& object) {
    const auto* ids = array_of(object, "media_ids");
    std::string all;
    for (std::size_t i = 0; ids != nullptr && i < ids->size(); ++i) {
        const auto* id = (*ids)[i].if_string();
        all += id == nullptr ? "" : std::string(all.empty() ? "" : ",") + id->c_str();
    }
    return all;
}

// {"media":{"media_ids":["1","2"]}} and {"media_ids":"1,2"}; other members as they are.
void add_json(Call& call, std::string_view body) {
    const auto parsed = parse_bounded(body);
    if (!parsed || !parsed->is_object()) {
        return;
    }
    const auto& object = parsed->get_object();
    const auto* inner = object_of(object, "media");
    for (const auto* of : {&object, inner}) {
        const std::string all = of == nullptr ? "" : joined_ids(*of);
        if (!all.empty()) {
            call.parameters["media_ids"] = all;
        }
    }
    for (const auto& [key, member] : object) {
        const std::string name(key);
        if (const auto* text = member.if_string()) {
            add_part(call, {.name = name, .value = text->c_str()}, false);
        } else if (const auto number = integer_of(object, name)) {
            add_part(call, {.name = name, .value = std::to_string(*number)}, false);
        }
    }
}

void add_body(Call& call, const RecordedExchange& exchange) {
    const bool is_multipart = call.content_type.starts_with("multipart/");
    for (const RecordedPart& part : exchange.parts) {
        add_part(call, part, is_multipart);
    }
    const std::string_view body = exchange.request_body;
    if (!exchange.parts.empty() || body.empty()) {
        return;
    }
    if (is_multipart || body.starts_with("--")) {
        add_multipart(call, body);
    } else if (trim(body).starts_with('{')) {
        add_json(call, body);
    } else if (call.content_type.empty() || call.content_type.contains("urlencoded")) {
        add_pairs(call, body);
    }
}

void add_url(Call& call, const RecordedExchange& exchange) {
    std::string_view url = exchange.url;
    if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
        const auto slash = std::min(url.find('/', scheme + 3), url.size());
        call.origin = url.substr(0, slash);
        url.remove_prefix(slash);
    } else if (!exchange.host.empty()) {
        const bool is_local =
            exchange.host.starts_with("127.") || exchange.host.starts_with("localhost");
        call.origin = (is_local ? "http://" : "https://") + exchange.host;
    }
    const auto query = std::min(url.find('?'), url.size());
    call.path = url.substr(0, query);
    add_pairs(call, url.substr(std::min(query + 1, url.size())));
}

void add_credentials(Call& call, const RecordedExchange& exchange) {
    const std::string_view header = field(exchange.request_headers, "authorization");
    const bool is_in_query = exchange.url.contains("oauth_signature=");
    call.credentials = header.empty() && !is_in_query                 ? Credentials::none
                       : lower_case(header.substr(0, 7)) == "bearer " ? Credentials::bearer
                                                                      : Credentials::oauth1;
    call.oauth_timestamp = std::nullopt;
    if (const auto seconds = parse_unsigned(quoted_value(header, "oauth_timestamp"))) {
        call.oauth_timestamp = static_cast<std::int64_t>(*seconds);
    }
    const std::string nonce = quoted_value(header, "oauth_nonce");
    call.nonce_digest = nonce.empty() ? "" : sha256_hex(nonce);
}

std::string id_in_path(std::string_view path, std::string_view action) {
    constexpr std::string_view root = "/2/media/upload/";
    return path.starts_with(root) && path.ends_with(action)
               ? std::string(path.substr(root.size(), path.size() - root.size() - action.size()))
               : std::string();
}

std::string command_by_path(std::string_view path) {
    if (path.ends_with("/initialize")) {
        return "INIT";
    }
    if (path.ends_with("/append") || path.ends_with("/finalize")) {
        return path.ends_with("/append") ? "APPEND" : "FINALIZE";
    }
    if (path.contains("/media/metadata")) {
        return "METADATA";
    }
    if (path.contains("/media/subtitles")) {
        return "SUBTITLES";
    }
    const bool is_use = path.contains("statuses/update") || path == "/2/tweets" ||
                        path.contains("direct_messages") || path.contains("/dm_conversations");
    return is_use                                                     ? "USE"
           : path.starts_with("/2/media") && !path.contains("upload") ? "LOOKUP"
                                                                      : "";
}

void name_command(Call& call) {
    const bool is_upload = call.path.contains("media/upload");
    call.command = command_by_path(call.path);
    std::string command(trim(call.parameter("command")));
    std::ranges::transform(command, command.begin(), [](unsigned char c) {
        return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    });
    if (!call.command.empty() || !is_upload) {
        return;
    }
    if (command == "INIT" || command == "APPEND" || command == "FINALIZE" || command == "STATUS") {
        call.command = command;
    } else if (call.method == "GET") {
        call.command = "STATUS";
    } else if (command.empty() && (call.media || !call.has("media_id"))) {
        call.command = "ONE_SHOT";
    }
}

// curl -v shows no body of a request; what X answered says which call it was, and X names the id.
void name_by_answer(Call& call, const RecordedExchange& exchange) {
    const bool is_blank = call.method == "POST" && call.path.ends_with("media/upload.json") &&
                          call.parameters.empty() && !call.media;
    if (!is_blank) {
        return;
    }
    if (exchange.status == 202 || exchange.status == 204 || exchange.status == 201) {
        call.command = exchange.status == 202   ? "INIT"
                       : exchange.status == 204 ? "APPEND"
                                                : "FINALIZE";
        call.hides_parameters = true;
    }
    if (const auto id = field(exchange.response_headers, "x-mediaid"); parse_unsigned(id)) {
        call.media_id = id;
    }
}

void add_ids(Call& call) {
    for (const std::string_view action : {"/append", "/finalize"}) {
        if (const std::string id = id_in_path(call.path, action); !id.empty()) {
            call.parameters["media_id"] = id;
        }
    }
    std::string id(trim(call.parameter(call.has("media_id") ? "media_id" : "media_key")));
    id = id.empty() && call.command == "METADATA" ? std::string(call.parameter("id")) : id;
    const auto underscore = id.find('_');
    call.media_id = underscore == std::string::npos ? id : id.substr(underscore + 1);
    if (const auto index = parse_unsigned(trim(call.parameter("segment_index")))) {
        call.segment = index;
    }
}

std::optional<std::int64_t> number_in(const Fields& fields, std::string_view name) {
    const auto number = parse_unsigned(field(fields, name));
    return number && *number < (1ULL << 62) ? std::optional(static_cast<std::int64_t>(*number))
                                            : std::nullopt;
}

}  // namespace

std::string_view field(const Fields& fields, std::string_view name) {
    const auto found = std::ranges::find_if(fields, [name](const auto& one) {
        return equals_ignoring_case(one.first, name);
    });
    return found == fields.end() ? std::string_view() : std::string_view(found->second);
}

Call call_of(const RecordedExchange& exchange) {
    Call call;
    call.method = exchange.method;
    call.content_type = lower_case(field(exchange.request_headers, "content-type"));
    add_url(call, exchange);
    add_body(call, exchange);
    add_credentials(call, exchange);
    name_command(call);
    add_ids(call);
    name_by_answer(call, exchange);
    call.status = exchange.status;
    const Fields& answered = exchange.response_headers;
    call.code = field(answered, "sluice-error");
    call.answered_at = seconds_of_http_date(field(answered, "date"));
    call.rate_remaining = number_in(answered, "x-rate-limit-remaining");
    call.rate_limit = number_in(answered, "x-rate-limit-limit");
    call.retry_after = number_in(answered, "retry-after");
    read_answer(exchange.response_body, call);
    call.at = exchange.at;
    call.last_at = exchange.ended_at ? exchange.ended_at : exchange.at;
    call.is_coarse = exchange.is_coarse;
    if (!call.at && call.answered_at) {
        call.at = call.last_at = WallTime(std::chrono::seconds(*call.answered_at));
        call.is_coarse = true;
    }
    return call;
}

}  // namespace sluice::diagnosis
