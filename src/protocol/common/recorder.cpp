#include "protocol/common/recorder.hpp"

#include <algorithm>
#include <ranges>

#include "http/response_head.hpp"
#include "protocol/common/masking.hpp"

namespace sluice::protocol {
namespace {

constexpr std::size_t answer_start_bytes = 8 * 1024;
// Of most exchanges.
constexpr std::size_t headers_bytes = 700;
// An exchange of a caller who sends a thousand parameters stays small.
constexpr std::size_t parts_max = 100;

// Answers that show a secret once, to the one who asked.
bool is_secret(std::string_view path) {
    return path.starts_with("/api/v1/keys");
}

std::string masked_headers(Masker& masker, const http::Request& request) {
    std::string text;
    text.reserve(headers_bytes);
    for (const auto& [name, value] : request.headers) {
        text += name;
        text += ": ";
        text += masker.field(name, value);
        text += "\r\n";
    }
    return text;
}

std::uint64_t length_of(const http::Response& response) {
    return response.source ? response.source->length() : response.body.size();
}

// Ours: none is a secret by its name. Those around the handler's are what every answer carries.
std::string masked_headers(
    const Masker& masker, const http::Response& response, const std::string& id, WallTime now
) {
    std::string text;
    text.reserve(headers_bytes);
    text += "Date: " + http_date(now) + "\r\nX-Request-Id: " + id + "\r\n";
    text += "X-Content-Type-Options: nosniff\r\n";
    for (const auto& [name, value] : response.headers) {
        text += name;
        text += ": ";
        text += value;
        text += "\r\n";
    }
    if (http::allows_body(response.status) && !(response.source && response.source->is_endless())) {
        text += "Content-Length: " + std::to_string(length_of(response)) + "\r\n";
    }
    return masker.text(std::move(text));
}

std::vector<ReceivedPart> masked_parts(
    Masker& masker, std::vector<ReceivedPart> parts, bool with_bytes
) {
    parts.resize(std::min(parts.size(), parts_max));
    for (ReceivedPart& part : parts) {
        part.start = with_bytes ? masker.parameter(part.name, part.start) : std::string();
    }
    return parts;
}

std::size_t size_of(const std::vector<ReceivedPart>& parts) {
    std::size_t bytes = parts.size() * sizeof(ReceivedPart);
    for (const ReceivedPart& part : parts) {
        bytes +=
            part.name.size() + part.file_name.size() + part.content_type.size() + part.start.size();
    }
    return bytes;
}

}  // namespace

std::size_t RecordedExchange::memory() const {
    return sizeof(*this) + id.size() + target.size() + headers.size() + size_of(parts) +
           answer_headers.size() + answer_start.size() + oauth_expected.size() + oauth_sent.size() +
           base_url.size();
}

bool Recorder::records(std::string_view path) const {
    return mode_ != InspectorMode::off && path != "/livez" && path != "/readyz" &&
           path != "/metrics" && path != "/api/v1/events" && path != "/api/v1/session" &&
           !path.starts_with("/api/v1/requests");
}

std::shared_ptr<RecordedExchange> Recorder::made_of(
    Exchange& exchange, const http::Response& response, const Times& times
) const {
    const http::Request& request = exchange.request;
    const auto took = std::chrono::steady_clock::now() - times.began;
    const bool with_bodies = mode_ == InspectorMode::full && !is_secret(request.path);
    Masker masker;
    auto made = std::make_shared<RecordedExchange>();
    made->id = request.request_id;
    made->took = std::chrono::duration_cast<std::chrono::microseconds>(took);
    made->at = clock_.now() - std::chrono::duration_cast<std::chrono::milliseconds>(took);
    if (exchange.caller) {
        made->owner = exchange.caller->principal;
        made->caller_name = exchange.caller->name;
    }
    made->peer = request.peer;
    made->method = request.method;
    made->base_url = request.base_url;
    made->target = masker.target(request.target);
    made->headers = masked_headers(masker, request);
    made->version_minor = request.version_minor;
    made->body_bytes = times.body_bytes;
    made->parts = masked_parts(masker, std::move(exchange.parts), with_bodies);
    made->route = response.route;
    made->call = exchange.call;
    made->media_id = exchange.media_id;
    made->segment_index = exchange.segment_index;
    made->error_code = response.error_code;
    made->oauth_expected = masker.text(exchange.oauth_base_string);
    made->oauth_sent = masker.text(exchange.oauth_base_string_sent);
    made->status = response.status;
    made->answer_headers = masked_headers(masker, response, request.request_id, clock_.now());
    made->answer_bytes = length_of(response);
    if (with_bodies) {
        made->answer_start = masker.text(response.body.substr(0, answer_start_bytes));
    }
    return made;
}

void Recorder::push(std::shared_ptr<RecordedExchange> made) {
    const std::size_t bytes = made->memory();
    Recorded dropped;  // freed without the lock, as are the others
    std::vector<Recorded> more_dropped;
    const std::scoped_lock lock(mutex_);
    made->number = ++last_number_;
    ring_.push_back(std::move(made));
    bytes_ += bytes;
    while (ring_.size() > 1 && (ring_.size() > bounds_.exchanges_max || bytes_ > bounds_.bytes_max)
    ) {
        bytes_ -= ring_.front()->memory();
        if (dropped == nullptr) {
            dropped = std::move(ring_.front());
        } else {
            more_dropped.push_back(std::move(ring_.front()));
        }
        ring_.pop_front();
    }
}

void Recorder::record(Exchange& exchange, const http::Response& response, const Times& times) {
    push(made_of(exchange, response, times));
}

std::vector<Recorded> Recorder::all() const {
    const std::scoped_lock lock(mutex_);
    return {ring_.rbegin(), ring_.rend()};
}

Recorded Recorder::find(std::string_view id, const Principal* owner) const {
    const std::scoped_lock lock(mutex_);
    const auto newest_first = ring_ | std::views::reverse;
    const auto found = std::ranges::find_if(newest_first, [&](const Recorded& kept) {
        return kept->id == id && (owner == nullptr || kept->owner == *owner);
    });
    return found == newest_first.end() ? nullptr : *found;
}

}  // namespace sluice::protocol
