#include "protocol/native/requests_export.hpp"

#include <algorithm>
#include <array>

#include "base/json_writer.hpp"
#include "base/text.hpp"
#include "http/response.hpp"
#include "protocol/native/requests_json.hpp"

namespace sluice::protocol::native {
namespace {

std::string_view header_of(const RecordedExchange& recorded, std::string_view name) {
    for (const auto& [found, value] : header_lines(recorded.headers())) {
        if (equals_ignoring_case(found, name)) {
            return value;
        }
    }
    return "";
}

bool is_media(const ReceivedPart& part) {
    return part.name == "media" || part.name == "media_data" || !part.file_name.empty();
}

// As the recorder calls a body that was not taken apart.
constexpr std::string_view whole_body = "(body)";

bool is_whole_body(const RecordedExchange& recorded) {
    return recorded.parts.size() == 1 && recorded.parts.front().name == whole_body &&
           recorded.parts.front().place == "json";
}

// Its value, or the whole body, is kept as it came.
bool is_kept(const ReceivedPart& part) {
    return part.start.size() == part.length.value && is_text(part.start);
}

bool is_number(std::string_view text) {
    constexpr std::size_t exact_digits = 15;
    return !text.empty() && text.size() <= exact_digits && (text == "0" || text.front() != '0') &&
           parse_unsigned(text).has_value();
}

// The members as they came, numbers as numbers.
std::string json_body(const RecordedExchange& recorded) {
    if (is_whole_body(recorded)) {
        return recorded.parts.front().start;
    }
    JsonWriter json;
    json.begin_object();
    for (const ReceivedPart& part : recorded.parts) {
        json.key(part.name);
        const bool is_bare = is_number(part.start) || part.start == "true" || part.start == "false";
        is_bare ? json.raw(part.start) : json.value(part.start);
    }
    return json.end_object().take();
}

bool is_json(const RecordedExchange& recorded) {
    const std::string type = lower_case(header_of(recorded, "Content-Type"));
    return is_whole_body(recorded) || type.starts_with("application/json");
}

// What is lacking for the body to be sent again; empty: nothing.
std::string lack_of(const RecordedExchange& recorded) {
    if (recorded.parts.empty()) {
        return recorded.body_bytes == 0
                   ? ""
                   : "the body of " + std::to_string(recorded.body_bytes) + " bytes was not kept";
    }
    std::string names;
    for (const ReceivedPart& part : recorded.parts) {
        if (!is_media(part) && !is_kept(part)) {
            names += (names.empty() ? "" : ", ") + printable(part.name, 60);
        }
    }
    return names.empty() ? "" : "of these not all bytes were kept: " + names;
}

void append_pairs(JsonWriter& json, std::string_view name, std::string_view headers) {
    json.key(name).begin_array();
    for (const auto& [field, value] : header_lines(headers)) {
        json.begin_object().member("name", field).member("value", value).end_object();
    }
    json.end_array();
}

void append_param(JsonWriter& json, const ReceivedPart& part) {
    json.begin_object().member("name", part.name);
    if (!is_media(part)) {
        json.member("value", part.start);
    }
    if (!part.file_name.empty()) {
        json.member("fileName", part.file_name);
    }
    if (!part.content_type.empty()) {
        json.member("contentType", part.content_type);
    }
    if (is_media(part)) {
        json.member("comment", std::to_string(part.length.value) + " bytes");
    }
    json.end_object();
}

// A form is told by its fields, everything else by its text.
void append_post_data(JsonWriter& json, const RecordedExchange& recorded) {
    const bool has_text = is_json(recorded);
    json.key("postData").begin_object();
    json.member("mimeType", header_of(recorded, "Content-Type")).key("params").begin_array();
    for (const ReceivedPart& part : recorded.parts) {
        if (!has_text) {
            append_param(json, part);
        }
    }
    const std::string text = has_text ? json_body(recorded) : "";
    json.end_array().member("text", is_text(text) ? text : "");
    if (const std::string lack = lack_of(recorded); !lack.empty()) {
        json.member("comment", lack);
    }
    json.end_object();
}

void append_har_request(JsonWriter& json, const RecordedExchange& recorded) {
    json.key("request").begin_object().member("method", recorded.method());
    json.member("url", recorded.url()).member("httpVersion", "HTTP/1.1");
    json.key("cookies").begin_array().end_array();
    append_pairs(json, "headers", recorded.headers());
    json.key("queryString").begin_array();
    for (const auto& [name, value] : query_of(recorded.target())) {
        json.begin_object().member("name", name).member("value", value).end_object();
    }
    json.end_array();
    if (!recorded.parts.empty() || recorded.body_bytes > 0) {
        append_post_data(json, recorded);
    }
    json.member("headersSize", -1).member("bodySize", recorded.body_bytes).end_object();
}

std::string_view type_of_answer(const RecordedExchange& recorded) {
    for (const auto& [name, value] : header_lines(recorded.answer_headers())) {
        if (equals_ignoring_case(name, "Content-Type")) {
            return value;
        }
    }
    return "";
}

void append_har_answer(JsonWriter& json, const RecordedExchange& recorded) {
    json.key("response").begin_object().member("status", recorded.status);
    json.member("statusText", http::reason_phrase(recorded.status));
    json.member("httpVersion", "HTTP/1.1").key("cookies").begin_array().end_array();
    append_pairs(json, "headers", recorded.answer_headers());
    json.key("content").begin_object().member("size", recorded.answer_bytes);
    json.member("mimeType", type_of_answer(recorded));
    if (is_text(recorded.answer_start())) {
        json.member("text", recorded.answer_start());
    }
    json.end_object().member("redirectURL", "").member("headersSize", -1);
    json.member("bodySize", recorded.answer_bytes).end_object();
}

void append_entry(JsonWriter& json, const RecordedExchange& recorded) {
    const double milliseconds = static_cast<double>(recorded.took.count()) / 1000;
    json.begin_object().member("startedDateTime", rfc3339(recorded.at));
    json.member("time", milliseconds);
    append_har_request(json, recorded);
    append_har_answer(json, recorded);
    json.key("cache").begin_object().end_object();
    json.key("timings").begin_object().member("send", 0).member("wait", milliseconds);
    json.member("receive", 0).end_object();
    json.member("_request_id", recorded.id());
    if (!recorded.error_code().empty()) {
        json.member("_sluice_error", recorded.error_code());
    }
    json.end_object();
}

std::string shell_quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return out + "'";
}

// A method may be any token of HTTP, also "A|reboot|".
std::string word(std::string_view text) {
    const bool is_plain = std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
    return is_plain ? std::string(text) : shell_quoted(text);
}

// What curl makes itself, and what belongs to one connection.
bool is_left_out(std::string_view name) {
    static constexpr std::array<std::string_view, 10> names{
        "host",
        "content-length",
        "content-type",
        "connection",
        "authorization",
        "user-agent",
        "accept-encoding",
        "expect",
        "transfer-encoding",
        "x-request-id",
    };
    const std::string lower = lower_case(name);
    return std::ranges::find(names, lower) != names.end();
}

std::string form_part(const ReceivedPart& part) {
    if (!is_media(part)) {
        return " --form-string " + shell_quoted(part.name + "=" + part.start);
    }
    std::string field = part.name + "=@media";
    field += part.content_type.empty() ? "" : ";type=" + part.content_type;
    return " -F " + shell_quoted(field);
}

std::string content_type_of(const RecordedExchange& recorded) {
    return " -H " +
           shell_quoted("Content-Type: " + std::string(header_of(recorded, "Content-Type")));
}

std::string body_of(const RecordedExchange& recorded) {
    const std::string type = lower_case(header_of(recorded, "Content-Type"));
    std::string text;
    if (type.starts_with("multipart/") && !recorded.parts.empty()) {
        for (const ReceivedPart& part : recorded.parts) {
            text += form_part(part);
        }
        return text;
    }
    if (recorded.parts.empty()) {
        return recorded.body_bytes > 0 && !type.empty() ? content_type_of(recorded) : "";
    }
    if (is_json(recorded)) {
        return content_type_of(recorded) + " --data-binary " + shell_quoted(json_body(recorded));
    }
    for (const ReceivedPart& part : recorded.parts) {
        text += is_media(part) ? " --data-urlencode " + shell_quoted(part.name + "@media")
                               : " --data-urlencode " + shell_quoted(part.name + "=" + part.start);
    }
    return text;
}

}  // namespace

std::string as_har(const std::vector<Recorded>& oldest_first) {
    JsonWriter json;
    json.begin_object().key("log").begin_object().member("version", "1.2");
    json.key("creator").begin_object().member("name", "sluice").member("version", "1").end_object();
    json.key("entries").begin_array();
    for (const Recorded& recorded : oldest_first) {
        append_entry(json, *recorded);
    }
    return json.end_array().end_object().end_object().take();
}

std::string as_curl(const RecordedExchange& recorded, bool believes_anybody) {
    std::string line =
        recorded.method() == "HEAD" ? "curl -I" : "curl -X " + word(recorded.method());
    const bool is_named = believes_anybody && recorded.has_owner;
    if (!header_of(recorded, "Authorization").empty()) {
        line += is_named ? " -H " + shell_quoted("Sluice-Owner: " + std::string(recorded.owner()))
                         : " -H \"Authorization: Bearer $SLUICE_TOKEN\"";
    }
    for (const auto& [name, value] : header_lines(recorded.headers())) {
        if (!is_left_out(name)) {
            line += " -H " + shell_quoted(std::string(name) + ": " + std::string(value));
        }
    }
    line += body_of(recorded) + " " + shell_quoted(recorded.url()) + "\n";
    if (std::ranges::any_of(recorded.parts, is_media)) {
        line += "# media: the file that was sent, put it into the working directory\n";
    }
    const std::string lack = lack_of(recorded);
    return lack.empty() ? line : line + "# " + lack + "\n";
}

}  // namespace sluice::protocol::native
