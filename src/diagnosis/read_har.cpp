#include <algorithm>
#include <vector>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "diagnosis/json_reading.hpp"
#include "diagnosis/json_scan.hpp"
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
    const auto* headers = array_of(message, "headers");
    if (headers == nullptr) {
        return fields;
    }
    for (const json::value& header : *headers) {
        if (const auto* object = header.if_object()) {
            fields.emplace_back(text_of(*object, "name"), text_of(*object, "value"));
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

// Of the members of an entry only these are parsed: a browser keeps much more there, as the call
// stacks of scripts, a level deeper for each call.
struct Entry {
    std::optional<json::value> request;
    std::optional<json::value> response;
    std::optional<json::value> started;
    std::optional<json::value> took;
};

// Null: it is not kept.
std::optional<json::value>* member_of(Entry& entry, std::string_view name) {
    return name == "request"           ? &entry.request
           : name == "response"        ? &entry.response
           : name == "startedDateTime" ? &entry.started
           : name == "time"            ? &entry.took
                                       : nullptr;
}

// Nothing if it has no end.
std::optional<Entry> entry_of(std::string_view text) {
    Entry entry;
    const bool is_whole =
        each_member(text, [&entry](std::string_view name, std::string_view value) {
            if (auto* kept = member_of(entry, name)) {
                *kept = parse_bounded(value);
            }
            return true;
        });
    return is_whole ? std::optional(std::move(entry)) : std::nullopt;
}

const json::object* object_in(const std::optional<json::value>& value) {
    return value ? value->if_object() : nullptr;
}

void read_times(const Entry& entry, RecordedExchange& exchange) {
    const auto* started = entry.started ? entry.started->if_string() : nullptr;
    exchange.at = started != nullptr ? time_of(std::string(*started)) : std::nullopt;
    if (exchange.at) {
        const auto took = entry.took ? integer_in(*entry.took).value_or(0) : 0;
        exchange.ended_at =
            *exchange.at + std::chrono::milliseconds(std::clamp<std::int64_t>(took, 0, 86'400'000));
    }
}

Result<Call> call_of_entry(std::string_view text, std::size_t number) {
    const auto entry = entry_of(text);
    if (!entry) {
        return unreadable(
            "The HAR file is cut off or broken in entry " + std::to_string(number) +
            " of log.entries."
        );
    }
    const json::object* request = object_in(entry->request);
    if (request == nullptr) {
        return unreadable("Entry " + std::to_string(number) + " of the HAR file has no request.");
    }
    RecordedExchange exchange;
    read_request(*request, exchange);
    if (const json::object* response = object_in(entry->response)) {
        read_response(*response, exchange);
    }
    read_times(*entry, exchange);
    return call_of(exchange);
}

}  // namespace

// An entry at a time, so that the memory is that of the calls, not of all that a browser noted.
Result<Trace> read_har(std::string_view text) {
    const std::string_view entries = member_text(member_text(text, "log"), "entries");
    Trace trace;
    std::optional<Error> failure;
    const bool is_whole = each_element(entries, [&](std::string_view entry) {
        if (trace.calls.size() >= recorded_calls_max) {
            failure = unreadable(
                "The HAR file has more than " + std::to_string(recorded_calls_max) +
                " entries, which is the most that is read: save it again with fewer, or with a "
                "filter for the server's name."
            );
            return false;
        }
        auto call = call_of_entry(entry, trace.calls.size() + 1);
        if (!call) {
            failure = std::move(call).error();
            return false;
        }
        trace.calls.push_back(*std::move(call));
        return true;
    });
    if (failure) {
        return *std::move(failure);
    }
    return is_whole
               ? Result<Trace>(std::move(trace))
               : unreadable(
                     entries.empty() ? "It is no HAR file: there is no list log.entries in it."
                                     : "The HAR file is cut off or broken after entry " +
                                           std::to_string(trace.calls.size()) + " of log.entries."
                 );
}

}  // namespace sluice::diagnosis
