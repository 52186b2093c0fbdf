#include <algorithm>
#include <vector>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "diagnosis/json_reading.hpp"
#include "diagnosis/read_trace.hpp"
#include "diagnosis/recorded_exchange.hpp"
#include "diagnosis/times.hpp"

namespace sluice::diagnosis {
namespace {

namespace json = boost::json;

Error unreadable(std::string facts) {
    return {.code = ErrorCode::parameter_invalid, .facts = std::move(facts)};
}

Fields fields_of(const json::object& message) {
    Fields fields;
    if (const auto* headers = array_of(message, "headers")) {
        for (const json::value& header : *headers) {
            if (const auto* object = header.if_object()) {
                fields.emplace_back(text_of(*object, "name"), text_of(*object, "value"));
            }
        }
    }
    return fields;
}

// As it is, if it cannot be decoded: half an answer tells more than none.
std::string decoded(const std::string& text, const std::string& encoding) {
    if (encoding != "base64") {
        return text;
    }
    Base64Decoder decoder;
    std::vector<std::byte> bytes;
    const auto fed = decoder.feed(std::as_bytes(std::span(text)), bytes);
    if (!fed || !decoder.finish()) {
        return text;
    }
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void read_request(const json::object& request, RecordedExchange& exchange) {
    exchange.method = text_of(request, "method");
    exchange.url = text_of(request, "url");
    exchange.request_headers = fields_of(request);
    const json::object* post = object_of(request, "postData");
    if (post == nullptr) {
        return;
    }
    exchange.request_body = decoded(text_of(*post, "text"), text_of(*post, "encoding"));
    if (field(exchange.request_headers, "content-type").empty()) {
        exchange.request_headers.emplace_back("content-type", text_of(*post, "mimeType"));
    }
    const auto* params = array_of(*post, "params");
    for (std::size_t i = 0; params != nullptr && i < params->size(); ++i) {
        if (const auto* param = (*params)[i].if_object()) {
            exchange.parts.push_back({
                .name = text_of(*param, "name"),
                .value = text_of(*param, "value"),
                .file_name = text_of(*param, "fileName"),
            });
        }
    }
}

void read_response(const json::object& response, RecordedExchange& exchange) {
    const auto status = integer_of(response, "status").value_or(0);
    exchange.status = status > 0 && status < 1000 ? static_cast<int>(status) : 0;
    exchange.response_headers = fields_of(response);
    if (const json::object* content = object_of(response, "content")) {
        exchange.response_body = decoded(text_of(*content, "text"), text_of(*content, "encoding"));
    }
}

}  // namespace

Result<Trace> read_har(std::string_view text) {
    const auto value = parse_bounded(text);
    const json::object* root = value ? value->if_object() : nullptr;
    const json::object* log = root != nullptr ? object_of(*root, "log") : nullptr;
    const json::array* entries = log != nullptr ? array_of(*log, "entries") : nullptr;
    if (entries == nullptr) {
        return unreadable("It is no HAR file: there is no list log.entries in it.");
    }
    Trace trace;
    for (const json::value& one : *entries) {
        const auto* entry = one.if_object();
        const auto* request = entry != nullptr ? object_of(*entry, "request") : nullptr;
        if (request == nullptr || trace.calls.size() >= recorded_calls_max) {
            return unreadable(
                "Entry " + std::to_string(trace.calls.size() + 1) +
                " of the HAR file has no request."
            );
        }
        RecordedExchange exchange;
        read_request(*request, exchange);
        if (const auto* response = object_of(*entry, "response")) {
            read_response(*response, exchange);
        }
        exchange.at = time_of(text_of(*entry, "startedDateTime"));
        if (exchange.at) {
            const auto took =
                std::clamp<std::int64_t>(integer_of(*entry, "time").value_or(0), 0, 86'400'000);
            exchange.ended_at = *exchange.at + std::chrono::milliseconds(took);
        }
        trace.calls.push_back(call_of(exchange));
    }
    return trace;
}

}  // namespace sluice::diagnosis
