#include "protocol/common/receive_json.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/stream_parser.hpp>
#include <vector>

#include "base/text.hpp"
#include "http/form_parser.hpp"
#include "protocol/common/parameters.hpp"

namespace sluice::protocol {
namespace {

namespace json = boost::json;
using boost::asio::awaitable;

constexpr std::size_t json_depth_max = 32;
constexpr std::size_t shown_max = 500;
constexpr std::size_t part_start_bytes = 256;  // what the inspector keeps of a part
constexpr std::string_view utf8_mark = "\xEF\xBB\xBF";

awaitable<Result<std::string>> read_whole(http::BodyReader& body) {
    std::string text;
    std::vector<std::byte> piece(16 * 1024);
    for (;;) {
        const auto got = co_await body.read_some(piece);
        if (!got) {
            co_return got.error();
        }
        if (*got == 0) {
            co_return text;
        }
        text.append(reinterpret_cast<const char*>(piece.data()), *got);
        if (text.size() > json_body_max) {
            co_return Error{
                .code = ErrorCode::body_too_large,
                .facts = "More than " + std::to_string(json_body_max) +
                         " bytes came; a call with a JSON body takes no more.",
            };
        }
    }
}

void note_part(Exchange& exchange, const std::string& text) {
    if (!exchange.wants_parts) {
        return;
    }
    exchange.parts.push_back({
        .name = "(body)",
        .place = "json",
        .file_name = "",
        .content_type = std::string(exchange.request.header("Content-Type").value_or("")),
        .length = {text.size()},
        .start = text.substr(0, part_start_bytes),
    });
}

Error not_json(std::string facts) {
    return {.code = ErrorCode::json_expected, .facts = std::move(facts)};
}

using Fields = std::vector<std::pair<std::string, std::string>>;

Fields fields_of(std::string_view text, std::string_view content_type) {
    Fields fields;
    const bool is_multipart = lower_case(content_type).find("multipart/") == 0;
    auto parser =
        http::make_form_parser(is_multipart ? content_type : "application/x-www-form-urlencoded");
    auto input = std::as_bytes(std::span(text));
    while (parser) {
        const auto event = (*parser)->next(input, true);
        if (!event || event->kind == http::FormEvent::Kind::done ||
            event->kind == http::FormEvent::Kind::need_more) {
            break;
        }
        if (event->kind == http::FormEvent::Kind::part_begin) {
            fields.emplace_back((*parser)->head().name, "");
        } else if (event->kind == http::FormEvent::Kind::part_data && !fields.empty()) {
            fields.back().second.append(
                reinterpret_cast<const char*>(event->data.data()), event->data.size()
            );
        }
    }
    return fields;
}

// A value that is JSON within a form stays what it is; everything else is a string.
json::value value_of(const std::string& text) {
    boost::system::error_code failed;
    const auto value = json::parse(text, failed, {}, {.max_depth = json_depth_max});
    return !failed && value.is_structured() ? value : json::value(text);
}

// "alt_text[text]" and "alt_text.text" say where the value belongs.
void put(json::object& into, std::string_view name, json::value value) {
    const auto cut = name.find_first_of("[.");
    const std::string_view first = name.substr(0, cut);
    if (cut == std::string_view::npos || first.empty()) {
        const bool is_bare_alt_text = name == "alt_text" && value.is_string();
        into[name] = is_bare_alt_text ? json::value{{"text", std::move(value)}} : std::move(value);
        return;
    }
    json::value& inner = into[first];
    if (!inner.is_object()) {
        inner = json::object();
    }
    std::string rest(name.substr(cut + 1));
    std::erase(rest, ']');
    put(inner.get_object(), rest.empty() ? "value" : rest, std::move(value));
}

std::string as_json(const Fields& fields) {
    constexpr std::size_t fields_max = 20;
    json::object object;
    for (std::size_t i = 0; i < std::min(fields.size(), fields_max); ++i) {
        put(object, std::string_view(fields[i].first).substr(0, 100), value_of(fields[i].second));
    }
    std::string text = json::serialize(object);
    return text.size() <= shown_max ? text : std::string();
}

Error a_form(std::string_view text, std::string_view content_type) {
    const Fields fields = fields_of(text, content_type);
    std::string names;
    for (const auto& [name, value] : fields) {
        names += (names.empty() ? "" : ", ") + printable(name, 40);
        if (names.size() > shown_max) {
            break;
        }
    }
    const std::string same = as_json(fields);
    return not_json(
        "The body is a form (" +
        (content_type.empty() ? std::string("by its look") : printable(content_type, 60)) +
        ") with " + (names.empty() ? "nothing" : names) + "." +
        (same.empty() || fields.empty() ? "" : " The same as JSON: " + same)
    );
}

bool is_a_form(std::string_view text, std::string_view content_type) {
    const std::string type = lower_case(content_type);
    if (type.starts_with("multipart/") || type.starts_with("application/x-www-form-urlencoded")) {
        return true;
    }
    const auto end = text.find_first_of("= \t\r\n\"{[<&");
    return end != std::string_view::npos && end > 0 && text[end] == '=';
}

Result<json::object> parse_object(std::string_view text, std::string_view content_type) {
    std::string_view trimmed = trim(text);
    if (trimmed.starts_with(utf8_mark)) {
        trimmed = trim(trimmed.substr(utf8_mark.size()));
    }
    if (!trimmed.starts_with('{') && !trimmed.starts_with('[')) {
        return is_a_form(trimmed, content_type)
                   ? a_form(trimmed, content_type)
                   : not_json("The body begins with \"" + printable(trimmed, 40) + "\".");
    }
    json::stream_parser parser({}, {.max_depth = json_depth_max});
    boost::system::error_code failed;
    const std::size_t used = parser.write_some(trimmed.data(), trimmed.size(), failed);
    if (failed || used < trimmed.size()) {
        return not_json(
            "The JSON breaks at byte " + std::to_string(used) + " of " +
            std::to_string(trimmed.size()) + ", at \"" + printable(trimmed.substr(used), 30) +
            "\": " + (failed ? failed.message() : "nothing may follow the object") + "."
        );
    }
    if (!parser.done()) {
        return not_json(
            "The JSON ends too early, after " + std::to_string(trimmed.size()) + " bytes."
        );
    }
    json::value value = parser.release();
    if (!value.is_object()) {
        return not_json("The body is " + described(value) + ".");
    }
    return std::move(value.get_object());
}

// Parameters in the query are no JSON either, but they show what was meant.
Error nothing_there(const http::Request& request, ErrorCode code) {
    Error error{.code = code, .facts = "There is no body."};
    if (code == ErrorCode::json_expected && !request.raw_query.empty()) {
        const std::string same = as_json(fields_of(request.raw_query, ""));
        error.facts += " The parameters stand in the query";
        error.facts += same.empty() ? "." : "; the same as JSON: " + same;
    }
    return error;
}

}  // namespace

awaitable<Result<json::object>> receive_json(
    Exchange& exchange, http::BodyReader& body, ErrorCode if_empty
) {
    std::string text;
    if (exchange.request.has_body()) {
        auto whole = co_await read_whole(body);
        if (!whole) {
            co_return std::move(whole).error();
        }
        text = std::move(*whole);
        note_part(exchange, text);
    }
    if (trim(text).empty()) {
        co_return nothing_there(exchange.request, if_empty);
    }
    co_return parse_object(text, exchange.request.header("Content-Type").value_or(""));
}

std::string_view kind_of(const json::value& value) {
    switch (value.kind()) {
        case json::kind::null:
            return "null";
        case json::kind::bool_:
            return "a truth value";
        case json::kind::string:
            return "a string";
        case json::kind::array:
            return "a list";
        case json::kind::object:
            return "an object";
        default:
            return "a number";
    }
}

std::string described(const json::value& value) {
    if (value.is_null()) {
        return "null";
    }
    if (value.is_string()) {
        return "a string (\"" + printable(value.get_string(), 60) + "\")";
    }
    return std::string(kind_of(value)) + " (" + printable(json::serialize(value), 60) + ")";
}

}  // namespace sluice::protocol
