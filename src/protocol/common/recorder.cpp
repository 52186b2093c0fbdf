#include "protocol/common/recorder.hpp"

#include <algorithm>
#include <ranges>

#include "base/raw_text.hpp"
#include "http/response_head.hpp"
#include "protocol/common/masking.hpp"

namespace sluice::protocol {
namespace {

constexpr std::size_t answer_start_bytes = 8 * 1024;
// What was larger gives its memory back.
constexpr std::size_t spare_bytes_max = 8 * 1024;
// An exchange of a caller who sends a thousand parameters stays small.
constexpr std::size_t parts_max = 100;

// Answers that show a secret once, to the one who asked.
bool is_secret(std::string_view path) {
    return path.starts_with("/api/v1/keys");
}

constexpr std::size_t around_field_bytes = 4;  // ": " and the end of the line

void put_field(RawText& out, std::string_view name, std::string_view value) {
    out.text(name).text(": ").text(value).text("\r\n");
}

void fill_headers(std::string& out, Masker& masker, const http::Request& request) {
    out.clear();
    for (const auto& [name, value] : request.headers) {
        const bool is_plain = Masker::is_plain(name);
        const std::string masked = is_plain ? std::string() : masker.field(name, value);
        const std::string_view shown = is_plain ? value : masked;
        append_raw(out, name.size() + shown.size() + around_field_bytes, [&](RawText& text) {
            put_field(text, name, shown);
        });
    }
}

std::uint64_t length_of(const http::Response& response) {
    return response.source ? response.source->length() : response.body.size();
}

// Ours: none is a secret by its name. Those around the handler's are what every answer carries.
void fill_answer_headers(
    std::string& out, const http::Response& response, const std::string& id, WallTime now
) {
    constexpr std::size_t frame_bytes = 150;  // of those around the handler's
    std::size_t bytes = frame_bytes + id.size();
    for (const auto& [name, value] : response.headers) {
        bytes +=
            std::string_view(name).size() + std::string_view(value).size() + around_field_bytes;
    }
    const std::string date = http_date(now);
    const bool has_length =
        http::allows_body(response.status) && !(response.source && response.source->is_endless());
    out.resize_and_overwrite(bytes, [&](char* memory, std::size_t) {
        RawText text(memory, bytes);
        put_field(text, "Date", date);
        put_field(text, "X-Request-Id", id);
        text.text("X-Content-Type-Options: nosniff\r\n");
        for (const auto& [name, value] : response.headers) {
            put_field(text, name, value);
        }
        if (has_length) {
            text.text("Content-Length: ").number(length_of(response)).text("\r\n");
        }
        return static_cast<std::size_t>(text.end() - memory);
    });
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

std::shared_ptr<RecordedExchange> Recorder::blank() {
    {
        const std::scoped_lock lock(mutex_);
        if (spare_) {
            return std::move(spare_);
        }
    }
    return std::make_shared<RecordedExchange>();
}

// Every member: it may have been another exchange before. Assigned, not replaced, so that strings keep
// their memory.
void Recorder::fill(
    RecordedExchange& made, Exchange& exchange, const http::Response& response, const Times& times
) const {
    const http::Request& request = exchange.request;
    const auto took = std::chrono::steady_clock::now() - times.began;
    const bool with_bodies = mode_ == InspectorMode::full && !is_secret(request.path);
    const WallTime now = clock_.now();
    Masker masker;
    made.id = request.request_id;
    made.took = std::chrono::duration_cast<std::chrono::microseconds>(took);
    made.at = now - std::chrono::duration_cast<std::chrono::milliseconds>(took);
    if (exchange.caller) {
        made.owner = exchange.caller->principal;
        made.caller_name = exchange.caller->name;
    } else {
        made.owner.reset();
        made.caller_name.clear();
    }
    made.peer = request.peer;
    made.method = request.method;
    made.base_url = request.base_url;
    masker.fill_target(made.target, request.target);
    fill_headers(made.headers, masker, request);
    made.version_minor = request.version_minor;
    made.body_bytes = times.body_bytes;
    made.parts = masked_parts(masker, std::move(exchange.parts), with_bodies);
    made.route = response.route;
    made.call = exchange.call;
    made.media_id = exchange.media_id;
    made.segment_index = exchange.segment_index;
    made.error_code = response.error_code;
    const BaseStrings none;
    const BaseStrings& signed_texts = exchange.base_strings ? *exchange.base_strings : none;
    made.oauth_expected = signed_texts.expected;
    made.oauth_sent = signed_texts.sent;
    made.status = response.status;
    fill_answer_headers(made.answer_headers, response, request.request_id, now);
    made.answer_bytes = length_of(response);
    made.answer_start.assign(response.body, 0, with_bodies ? answer_start_bytes : 0);
    for (auto* text :
         {&made.oauth_expected, &made.oauth_sent, &made.answer_headers, &made.answer_start}) {
        masker.hide_in(*text);
    }
}

void Recorder::reuse(std::shared_ptr<RecordedExchange>& dropped) {
    if (!spare_ && !dropped->is_shared && dropped->memory() <= spare_bytes_max) {
        spare_ = std::move(dropped);
    }
}

void Recorder::push(std::shared_ptr<RecordedExchange> made) {
    const std::size_t bytes = made->memory();
    std::vector<Recorded> dropped;  // freed without the lock
    const std::scoped_lock lock(mutex_);
    made->number = ++last_number_;
    ring_.push_back(std::move(made));
    bytes_ += bytes;
    while (ring_.size() > 1 && (ring_.size() > bounds_.exchanges_max || bytes_ > bounds_.bytes_max)
    ) {
        auto oldest = std::move(ring_.front());
        ring_.pop_front();
        bytes_ -= oldest->memory();
        reuse(oldest);
        if (oldest) {
            dropped.push_back(std::move(oldest));
        }
    }
}

void Recorder::record(Exchange& exchange, const http::Response& response, const Times& times) {
    auto made = blank();
    fill(*made, exchange, response, times);
    push(std::move(made));
}

std::vector<Recorded> Recorder::all() const {
    const std::scoped_lock lock(mutex_);
    for (const auto& kept : ring_) {
        kept->is_shared = true;
    }
    return {ring_.rbegin(), ring_.rend()};
}

Recorded Recorder::find(std::string_view id, const Principal* owner) const {
    const std::scoped_lock lock(mutex_);
    const auto newest_first = ring_ | std::views::reverse;
    const auto found = std::ranges::find_if(newest_first, [&](const auto& kept) {
        return kept->id == id && (owner == nullptr || kept->owner == *owner);
    });
    if (found == newest_first.end()) {
        return nullptr;
    }
    (*found)->is_shared = true;
    return *found;
}

}  // namespace sluice::protocol
