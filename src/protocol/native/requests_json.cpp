#include "protocol/native/requests_json.hpp"

#include <algorithm>

#include "base/digest.hpp"
#include "base/json_writer.hpp"
#include "base/text.hpp"

namespace sluice::protocol::native {
namespace {

void optional_member(JsonWriter& json, std::string_view name, std::string_view value) {
    json.key(name);
    value.empty() ? json.null() : json.value(value);
}

std::string hex(std::string_view bytes) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

void append_headers(JsonWriter& json, std::string_view headers) {
    json.key("headers").begin_array();
    for (const auto& [name, value] : header_lines(headers)) {
        json.begin_object().member("name", name).member("value", value).end_object();
    }
    json.end_array();
}

void append_part(JsonWriter& json, const ReceivedPart& part) {
    json.begin_object().member("name", part.name).member("place", part.place);
    optional_member(json, "file_name", part.file_name);
    optional_member(json, "content_type", part.content_type);
    json.member("size_bytes", part.length.value);
    optional_member(json, "crc32c", part.crc32c ? hex8(*part.crc32c) : "");
    if (is_text(part.start)) {
        json.member("text", part.start);
    } else {
        json.member("start_hex", hex(part.start));
    }
    json.member("is_cut", part.length.value > part.start.size()).end_object();
}

void append_request(JsonWriter& json, const RecordedExchange& recorded) {
    json.key("request").begin_object().member("method", recorded.method());
    json.member("url", recorded.url());
    json.member("http_version", recorded.version_minor == 0 ? "HTTP/1.0" : "HTTP/1.1");
    json.key("query").begin_array();
    for (const auto& [name, value] : query_of(recorded.target())) {
        json.begin_object().member("name", name).member("value", value).end_object();
    }
    json.end_array();
    append_headers(json, recorded.headers());
    json.member("body_bytes", recorded.body_bytes).key("parts").begin_array();
    for (const ReceivedPart& part : recorded.parts) {
        append_part(json, part);
    }
    json.end_array().end_object();
}

void append_answer(JsonWriter& json, const RecordedExchange& recorded) {
    json.key("response").begin_object().member("status", recorded.status);
    append_headers(json, recorded.answer_headers());
    json.member("body_bytes", recorded.answer_bytes).key("body");
    if (is_text(recorded.answer_start())) {
        json.value(recorded.answer_start());
    } else {
        json.null();
    }
    const auto kept = recorded.answer_start().size();  // none: bodies are not kept
    json.member("is_cut", kept > 0 && recorded.answer_bytes > kept).end_object();
}

// Into an open object.
void append_short(JsonWriter& json, const RecordedExchange& recorded) {
    json.member("id", recorded.id()).member("at", rfc3339(recorded.at));
    json.member("took_ms", static_cast<double>(recorded.took.count()) / 1000);
    json.member("method", recorded.method())
        .member("path", recorded.target())
        .member("status", recorded.status);
    optional_member(json, "code", recorded.error_code());
    optional_member(json, "call", recorded.call());
    optional_member(json, "route", recorded.route());
    optional_member(json, "media_id", recorded.media_id ? recorded.media_id->text() : "");
    json.key("segment_index");
    recorded.segment_index ? json.value(*recorded.segment_index) : json.null();
    json.key("caller").begin_object();
    optional_member(json, "principal", recorded.owner());
    optional_member(json, "name", recorded.caller_name());
    json.member("address", recorded.peer()).end_object();
    json.member("received_bytes", recorded.body_bytes);
}

void append_oauth(JsonWriter& json, const RecordedExchange& recorded) {
    json.key("oauth");
    if (recorded.oauth_expected().empty()) {
        json.null();
        return;
    }
    json.begin_object().member("base_string_expected", recorded.oauth_expected());
    optional_member(json, "base_string_sent", recorded.oauth_sent());
    json.end_object();
}

}  // namespace

std::vector<std::pair<std::string_view, std::string_view>> header_lines(std::string_view headers) {
    std::vector<std::pair<std::string_view, std::string_view>> lines;
    while (!headers.empty()) {
        const auto end = headers.find("\r\n");
        const std::string_view line = headers.substr(0, end);
        headers = end == std::string_view::npos ? "" : headers.substr(end + 2);
        const auto colon = line.find(": ");
        if (colon != std::string_view::npos) {
            lines.emplace_back(line.substr(0, colon), line.substr(colon + 2));
        }
    }
    return lines;
}

std::vector<std::pair<std::string, std::string>> query_of(std::string_view target) {
    std::vector<std::pair<std::string, std::string>> query;
    const auto question = target.find('?');
    std::string_view rest = question == std::string_view::npos ? "" : target.substr(question + 1);
    const auto decoded = [](std::string_view text) {
        return percent_decode(text, true).value_or(std::string(text));
    };
    while (!rest.empty()) {
        const auto end = std::min(rest.find('&'), rest.size());
        const std::string_view pair = rest.substr(0, end);
        rest = rest.substr(std::min(end + 1, rest.size()));
        const auto equal = std::min(pair.find('='), pair.size());
        if (!pair.empty()) {
            const auto value = pair.substr(std::min(equal + 1, pair.size()));
            query.emplace_back(decoded(pair.substr(0, equal)), decoded(value));
        }
    }
    return query;
}

bool is_text(std::string_view bytes) {
    return std::ranges::all_of(bytes, [](char c) {
        return (c >= 0x20 && c != 0x7f) || c == '\n' || c == '\r' || c == '\t' ||
               static_cast<unsigned char>(c) >= 0xa0;
    });
}

std::string as_json(const std::vector<Recorded>& page, bool has_more) {
    JsonWriter json;
    json.begin_object().key("data").begin_array();
    for (const Recorded& recorded : page) {
        json.begin_object();
        append_short(json, *recorded);
        json.end_object();
    }
    json.end_array().member("has_more", has_more).key("next");
    has_more ? json.value(std::to_string(page.back()->number)) : json.null();
    return json.end_object().take();
}

std::string as_json(const RecordedExchange& recorded) {
    JsonWriter json;
    json.begin_object();
    append_short(json, recorded);
    append_request(json, recorded);
    append_answer(json, recorded);
    append_oauth(json, recorded);
    const std::string self =
        std::string(recorded.base_url()) + "/api/v1/requests/" + std::string(recorded.id());
    json.member("har_url", self + "?format=har").member("curl_url", self + "?format=curl");
    return json.end_object().take();
}

}  // namespace sluice::protocol::native
