#include "protocol/common/recorder.hpp"

#include <algorithm>
#include <optional>
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

bool has_secret(const http::Request& request) {
    return !Masker::has_plain_query(request.target) ||
           !std::ranges::all_of(request.headers, [](const auto& field) {
               return Masker::is_plain(field.name);
           });
}

std::string masked_headers(Masker& masker, const http::Request& request) {
    std::string headers;
    for (const auto& [name, value] : request.headers) {
        const std::string shown = masker.field(name, value);
        append_raw(headers, name.size() + shown.size() + around_field_bytes, [&](RawText& out) {
            put_field(out, name, shown);
        });
    }
    return headers;
}

std::size_t header_bytes(const http::Request& request) {
    std::size_t bytes = 0;
    for (const auto& [name, value] : request.headers) {
        bytes += name.size() + value.size() + around_field_bytes;
    }
    return bytes;
}

std::uint64_t length_of(const http::Response& response) {
    return response.source ? response.source->length() : response.body.size();
}

std::size_t answer_header_bytes(const http::Request& request, const http::Response& response) {
    constexpr std::size_t frame_bytes = 150;  // of those around the handler's
    return frame_bytes + request.request_id.size() + response.headers.text().size();
}

// Ours: none is a secret by its name. Those around the handler's are what every answer carries.
void put_answer_headers(
    RawText& out, const http::Request& request, const http::Response& response, WallTime now
) {
    put_field(out, "Date", http_date(now));
    put_field(out, "X-Request-Id", request.request_id);
    out.text("X-Content-Type-Options: nosniff\r\n").text(response.headers.text());
    if (http::allows_body(response.status) && !(response.source && response.source->is_endless())) {
        out.text("Content-Length: ").number(length_of(response)).text("\r\n");
    }
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

// What secrets are masked in: a text that has none is shown as it is, and not copied for it.
struct Shown {
    std::string_view target;
    std::optional<std::string> headers;
    std::optional<std::string> answer_headers;
    std::string_view answer_start;
    BaseStrings signed_texts;
    std::string masked_target;
    std::string masked_start;
};

void mask_answer(
    Shown& shown,
    const Masker& masker,
    const Exchange& exchange,
    const http::Response& response,
    WallTime now
) {
    std::string headers;
    append_raw(headers, answer_header_bytes(exchange.request, response), [&](RawText& out) {
        put_answer_headers(out, exchange.request, response, now);
    });
    shown.answer_headers = masker.text(std::move(headers));
    shown.masked_start = masker.text(std::string(shown.answer_start));
    shown.answer_start = shown.masked_start;
    if (exchange.base_strings) {
        shown.signed_texts.expected = masker.text(exchange.base_strings->expected);
        shown.signed_texts.sent = masker.text(exchange.base_strings->sent);
    }
}

void put_headers(RecordedExchange::Texts& to, const Shown& shown, const http::Request& request) {
    if (shown.headers) {
        to.put(*shown.headers);
        return;
    }
    for (const auto& [name, value] : request.headers) {
        put_field(to.raw(), name, value);
    }
    to.end();
}

void write_texts(
    RecordedExchange& made,
    const Exchange& exchange,
    const http::Response& response,
    const Shown& shown,
    WallTime now
) {
    const http::Request& request = exchange.request;
    static const Identity nobody;
    const Identity& caller = exchange.caller ? *exchange.caller : nobody;
    const auto& [expected, sent] = shown.signed_texts;
    const std::size_t headers = shown.headers ? shown.headers->size() : header_bytes(request);
    const std::size_t answer_headers = shown.answer_headers
                                           ? shown.answer_headers->size()
                                           : answer_header_bytes(request, response);
    const std::size_t bytes = request.request_id.size() + caller.principal.id.size() +
                              caller.name.size() + request.peer.size() + request.method.size() +
                              request.base_url.size() + shown.target.size() + headers +
                              response.route.size() + exchange.call.size() +
                              response.error_code.size() + expected.size() + sent.size() +
                              answer_headers + shown.answer_start.size();
    made.write(bytes, [&](RecordedExchange::Texts& to) {
        for (const std::string_view text :
             {std::string_view(request.request_id),
              std::string_view(caller.principal.id),
              std::string_view(caller.name),
              std::string_view(request.peer),
              std::string_view(request.method),
              std::string_view(request.base_url),
              shown.target}) {
            to.put(text);
        }
        put_headers(to, shown, request);
        for (const std::string_view text :
             {std::string_view(response.route),
              std::string_view(exchange.call),
              response.error_code,
              std::string_view(expected),
              std::string_view(sent)}) {
            to.put(text);
        }
        if (shown.answer_headers) {
            to.put(*shown.answer_headers);
        } else {
            put_answer_headers(to.raw(), request, response, now);
            to.end();
        }
        to.put(shown.answer_start);
    });
}

// Memory that will be needed soon, and that no cache has any more: it comes meanwhile.
void prefetch(const void* memory, std::size_t bytes) {
    constexpr std::size_t line_bytes = 64;
    const auto* const begin = static_cast<const char*>(memory);
    for (std::size_t at = 0; at < bytes; at += line_bytes) {
        __builtin_prefetch(begin + at, 1);
    }
}

}  // namespace

void RecordedExchange::fetch_ahead() const {
    prefetch(texts_.data(), texts_.size());
}

std::size_t RecordedExchange::memory() const {
    return sizeof(*this) + texts_.size() + size_of(parts);
}

bool Recorder::records(std::string_view path) const {
    return mode_ != InspectorMode::off && path != "/livez" && path != "/readyz" &&
           path != "/metrics" && path != "/api/v1/events" && path != "/api/v1/session" &&
           !path.starts_with("/api/v1/requests");
}

// Every member: it may have been another exchange before.
void Recorder::fill(
    RecordedExchange& made, Exchange& exchange, const http::Response& response, const Times& times
) const {
    const http::Request& request = exchange.request;
    const bool with_bodies = mode_ == InspectorMode::full && !is_secret(request.path);
    made.took = std::chrono::duration_cast<std::chrono::microseconds>(times.took);
    made.at = times.ended - std::chrono::duration_cast<std::chrono::milliseconds>(times.took);
    made.has_owner = exchange.caller.has_value();
    made.version_minor = request.version_minor;
    made.body_bytes = times.body_bytes;
    made.media_id = exchange.media_id;
    made.segment_index = exchange.segment_index;
    made.status = response.status;
    made.answer_bytes = length_of(response);
    Masker masker;
    Shown shown;
    shown.target = request.target;
    if (has_secret(request)) {
        shown.target = shown.masked_target = masker.target(request.target);
        shown.headers = masked_headers(masker, request);
    }
    made.parts = masked_parts(masker, std::move(exchange.parts), with_bodies);
    shown.answer_start =
        std::string_view(response.body).substr(0, with_bodies ? answer_start_bytes : 0);
    if (masker.has_secrets() || exchange.base_strings) {
        mask_answer(shown, masker, exchange, response, times.ended);
    }
    write_texts(made, exchange, response, shown, times.ended);
}

void Recorder::push(
    std::shared_ptr<RecordedExchange> made, std::shared_ptr<RecordedExchange>& spare
) {
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
        if (spare || oldest->is_shared || oldest->memory() > spare_bytes_max) {
            dropped.push_back(std::move(oldest));
        } else {
            spare = std::move(oldest);
        }
    }
    prefetch(ring_.front().get(), sizeof(RecordedExchange));
}

void Recorder::record(Exchange& exchange, const http::Response& response, const Times& times) {
    // What the ring has dropped last, for its memory: a busy server keeps many.
    thread_local std::shared_ptr<RecordedExchange> spare;
    auto made = spare ? std::move(spare) : std::make_shared<RecordedExchange>();
    fill(*made, exchange, response, times);
    push(std::move(made), spare);
    if (spare) {
        spare->fetch_ahead();
    }
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
        return kept->id() == id && (owner == nullptr || kept->is_of(*owner));
    });
    if (found == newest_first.end()) {
        return nullptr;
    }
    (*found)->is_shared = true;
    return *found;
}

}  // namespace sluice::protocol
