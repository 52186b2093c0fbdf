#include "protocol/native/history_endpoint.hpp"

#include <utility>
#include <vector>

#include "base/json_writer.hpp"
#include "protocol/common/credentials.hpp"
#include "protocol/common/problem.hpp"
#include "protocol/common/upload_parameters.hpp"
#include "service/timeline.hpp"

namespace sluice::protocol::native {
namespace {

using boost::asio::awaitable;
using http::Response;

constexpr std::string_view uploads_path = "/api/v1/uploads/";

double seconds_of(std::chrono::milliseconds duration) {
    return static_cast<double>(duration.count()) / 1000.0;
}

template <class T>
void append_optional(JsonWriter& json, std::string_view name, const std::optional<T>& value) {
    json.key(name);
    value ? json.value(*value) : json.null();
}

template <class Duration>
std::optional<double> optional_seconds(const std::optional<Duration>& duration) {
    return duration ? std::optional(seconds_of(*duration)) : std::nullopt;
}

void append_text(JsonWriter& json, std::string_view name, const std::string& text) {
    json.key(name);
    text.empty() ? json.null() : json.value(text);
}

void append_event(JsonWriter& json, const TimelineEvent& event) {
    json.begin_object()
        .member("time", rfc3339(event.at))
        .member("last_time", rfc3339(event.last_at))
        .member("count", event.count)
        .member("call", event.call);
    const auto status = event.status == 0 ? std::nullopt : std::optional(event.status);
    append_optional(json, "status", status);
    append_text(json, "code", event.code);
    append_text(json, "facts", event.facts);
    append_optional(json, "segment_index", event.segment);
    const auto bytes =
        event.bytes ? std::optional<std::uint64_t>(event.bytes->value) : std::nullopt;
    append_optional(json, "size_bytes", bytes);
    json.member("duration_ms", event.duration.count());
    append_text(json, "request_id", event.request_id);
    append_optional(json, "check_after_secs", optional_seconds(event.advised));
    append_optional(json, "asked_after_secs", optional_seconds(event.asked_after));
    append_optional(json, "advised_secs", optional_seconds(event.advised_before));
    append_optional(json, "obeyed", event.was_obedient());
    json.end_object();
}

Response timeline_answer(const std::vector<TimelineEvent>& events) {
    JsonWriter json;
    json.begin_object().key("data").begin_array();
    for (const TimelineEvent& event : events) {
        append_event(json, event);
    }
    json.end_array().member("has_more", false).key("next").null().end_object();
    Response response;
    response.set("Content-Type", "application/json;charset=utf-8");
    response.set("Cache-Control", "no-store");
    response.body = json.take();
    return response;
}

Response refused(const Error& error, const http::Request& request) {
    return problem_response(error, std::nullopt, request);
}

}  // namespace

bool HistoryEndpoint::serves(std::string_view path) {
    return path.starts_with(uploads_path) && path.ends_with("/timeline");
}

awaitable<Response> HistoryEndpoint::handle(Exchange& exchange) const {
    const http::Request& request = exchange.request;
    auto owner = identify(exchange);
    if (!owner) {
        co_return refused(owner.error(), request);
    }
    if (request.method != "GET" && request.method != "HEAD") {
        auto response = refused({.code = ErrorCode::method_not_allowed}, request);
        response.set("Allow", "GET");
        co_return response;
    }
    const std::string_view rest = std::string_view(request.path).substr(uploads_path.size());
    const auto id = media_id_of(rest.substr(0, rest.find('/')), true);
    if (!id) {
        co_return refused(id.error(), request);
    }
    auto response = co_await timeline(request, std::move(*owner), *id);
    response.route = "native.timeline";
    co_return response;
}

awaitable<Response> HistoryEndpoint::timeline(
    const http::Request& request, Principal owner, MediaId id
) const {
    auto work = [this, owner = std::move(owner), id]() -> Result<std::vector<TimelineEvent>> {
        if (auto known = context_.uploads.details(owner, id); !known) {
            return std::move(known).error();
        }
        return context_.timeline->read(owner, id);
    };
    auto events = co_await runtime::run_blocking(context_.pool, std::move(work));
    co_return events ? timeline_answer(*events) : refused(events.error(), request);
}

}  // namespace sluice::protocol::native
