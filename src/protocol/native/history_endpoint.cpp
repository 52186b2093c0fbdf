#include "protocol/native/history_endpoint.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/json_writer.hpp"
#include "diagnosis/diagnose.hpp"
#include "diagnosis/encode.hpp"
#include "protocol/common/credentials.hpp"
#include "protocol/common/problem.hpp"
#include "protocol/common/upload_parameters.hpp"
#include "protocol/native/diagnosis_trace.hpp"
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

Response json_response(std::string body) {
    Response response;
    response.set("Content-Type", "application/json;charset=utf-8");
    response.set("Cache-Control", "no-store");
    response.body = std::move(body);
    return response;
}

Response timeline_answer(const std::vector<TimelineEvent>& events) {
    JsonWriter json;
    json.begin_object().key("data").begin_array();
    for (const TimelineEvent& event : events) {
        append_event(json, event);
    }
    json.end_array().member("has_more", false).key("next").null().end_object();
    return json_response(json.take());
}

Response diagnosis_answer(
    const UploadDetails& details,
    const std::vector<TimelineEvent>& events,
    const http::Request& request
) {
    const auto verdicts = diagnosis::diagnose(trace_of(details, events, request));
    const Upload& upload = details.status.upload;
    JsonWriter json;
    json.begin_object().member("media_id", upload.id.text()).member("state", name_of(upload.state));
    diagnosis::append_verdicts(json, verdicts, request.base_url + "/docs/errors/");
    json.end_object();
    return json_response(json.take());
}

Response refused(const Error& error, const http::Request& request) {
    return problem_response(error, std::nullopt, request);
}

}  // namespace

bool HistoryEndpoint::serves(std::string_view path) {
    if (!path.starts_with(uploads_path)) {
        return false;
    }
    const auto slash = path.find('/', uploads_path.size());
    const auto below = path.substr(std::min(slash, path.size()));
    return below == "/timeline" || below == "/diagnosis";
}

awaitable<Response> HistoryEndpoint::handle(Exchange& exchange) const {
    const http::Request& request = exchange.request;
    auto owner = authorize_for_owner(exchange, Scope::media_write);
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
    auto found = co_await history(std::move(*owner), *id);
    const bool is_timeline = request.path.ends_with("/timeline");
    Response response;
    if (!found) {
        response = refused(found.error(), request);
    } else if (is_timeline) {
        response = timeline_answer(found->events);
    } else {
        response = diagnosis_answer(found->details, found->events, request);
    }
    response.route = is_timeline ? "native.timeline" : "native.diagnosis";
    co_return response;
}

awaitable<Result<HistoryEndpoint::History>> HistoryEndpoint::history(Principal owner, MediaId id)
    const {
    auto work = [this, owner = std::move(owner), id]() -> Result<History> {
        auto details = context_.uploads.details(owner, id);
        if (!details) {
            return std::move(details).error();
        }
        auto events = context_.timeline->read(owner, id);
        if (!events) {
            return std::move(events).error();
        }
        return History{*std::move(details), *std::move(events)};
    };
    co_return co_await runtime::run_blocking(context_.reads, std::move(work));
}

}  // namespace sluice::protocol::native
