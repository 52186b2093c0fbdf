// How a connection sends an answer: whole at once if it can, piece by piece if it is long.
#include <algorithm>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "base/log.hpp"
#include "base/release_memory.hpp"
#include "http/connection.hpp"
#include "http/refusal.hpp"
#include "http/response_head.hpp"
#include "runtime/bulk_turn.hpp"

namespace sluice::http {

namespace asio = boost::asio;

namespace {

constexpr std::size_t source_piece_bytes = 128 * 1024;
constexpr std::size_t endless_piece_bytes = 16 * 1024;
// Between two bursts of a client that reads as fast as it can.
constexpr std::chrono::milliseconds slow_reader_pause{100};
constexpr std::size_t usual_head_bytes = 1000;

void log_broken_source(const Response& response, const Result<std::size_t>& count) {
    log::error(
        "source_failed",
        "the body of an answer ended early",
        {{"route", response.route}, {"detail", count ? "" : count.error().detail}}
    );
}

bool has_body(const Request& request, const Response& response) {
    return allows_body(response.status) && request.method != "HEAD";
}

ResponseHeadFacts facts_of(
    const Request& request, const Response& response, const std::string& date, bool keeps_alive
) {
    return {
        .request_id = request.request_id,
        .date = date,
        .length = response.source ? response.source->length() : response.body.size(),
        .keeps_alive = keeps_alive,
        .is_http_1_0 = request.version_minor == 0
    };
}

}  // namespace

void Connection::compose_head(const Request& request, const Response& response, bool keeps_alive) {
    services_.head.clear();
    services_.head.reserve(usual_head_bytes);
    const auto& date = services_.date(services_.clock.now());
    append_response_head(services_.head, response, facts_of(request, response, date, keeps_alive));
}

// What is not needed to count the answer is given back here: many wait at the same time for their turn to be sent, and
// memory that is taken and given back by turns is the cheapest.
std::string Connection::whole_text(const Request& request, Response& response, bool keeps_alive) {
    SLUICE_ASSERT(!response.source && !response.cut_after_bytes);
    std::string text = services_.take_text();
    text.reserve(usual_head_bytes + response.body.size());
    const auto& date = services_.date(*request.came_at);  // a moment ago
    append_response_head(text, response, facts_of(request, response, date, keeps_alive));
    if (has_body(request, response)) {
        text += response.body;
    }
    release_memory(response.body);
    response.headers.drop();
    return text;
}

// Else the rest is in head_.
bool Connection::send_at_once(std::string_view text) {
    const auto sent = wire_.write_at_once(text, {});
    if (sent < text.size()) {
        head_ = text.substr(sent);
    }
    return sent == text.size();
}

// Short answers go whole into the socket's buffer: no coroutine, no deadline, no turn of the loop.
bool Connection::send_at_once(const Request& request, Response& response) {
    const std::string& head = services_.head;
    if (response.source || response.cut_after_bytes) {
        head_ = head;
        return false;
    }
    const std::size_t length = has_body(request, response) ? response.body.size() : 0;
    const auto body = std::as_bytes(std::span(response.body).first(length));
    const auto sent = wire_.write_at_once(head, body);
    if (sent == head.size() + length) {
        return true;
    }
    const auto of_head = std::min(sent, head.size());
    head_ = head.substr(of_head);
    response.body.erase(0, sent - of_head);
    return false;
}

asio::awaitable<bool> Connection::send(const Request& request, Response& response) {
    if (response.cut_after_bytes) {
        return send_cut(response);
    }
    const bool sends_body = has_body(request, response);
    if (sends_body && response.source) {
        return response.source->is_endless() ? send_endless(response)
                                             : send_source(request, response);
    }
    const auto body =
        sends_body ? std::as_bytes(std::span(response.body)) : std::span<const std::byte>();
    return wire_.write(head_, body, services_.limits.write);
}

asio::awaitable<bool> Connection::send_cut(const Response& response) {
    const std::size_t length = std::min<std::uint64_t>(*response.cut_after_bytes, head_.size());
    const std::size_t rest =
        std::min<std::uint64_t>(*response.cut_after_bytes - length, response.body.size());
    const auto body = std::as_bytes(std::span(response.body).first(rest));
    const auto head = std::string_view(head_).substr(0, length);
    static_cast<void>(co_await wire_.write(head, body, services_.limits.write));
    co_return false;
}

// The head goes with the first piece. A source that fails before it is told as that; later it ends the connection: the
// length is promised already. Whoever reads slowly holds no piece: what did not go is read once more.
asio::awaitable<bool> Connection::send_source(const Request& request, Response& response) {
    BodySource& source = *response.source;
    std::vector<std::byte> memory;
    std::string_view head = head_;
    std::uint64_t left = source.length();
    do {
        memory.resize(std::min<std::uint64_t>(left, source_piece_bytes));
        auto count = left > 0 ? co_await source.read(memory) : Result<std::size_t>(0);
        if (left >= source_piece_bytes) {
            co_await runtime::bulk_turn(wire_.loop());
        }
        if (!count || (*count == 0 && left > 0)) {
            log_broken_source(response, count);
            const bool has_begun = left < source.length() || head.size() < head_.size();
            if (!count && !has_begun) {
                auto refusal =
                    services_.handler.refuse(count.error(), request.request_id, head_of(request));
                response = refused_in_place_of(response, std::move(refusal));
                compose_head(request, response, false);
                head_ = services_.head;  // others of the loop write theirs meanwhile
                const auto body = std::as_bytes(std::span(response.body));
                static_cast<void>(co_await wire_.write(head_, body, services_.limits.write));
            }
            co_return false;
        }
        const auto piece = std::span(memory).first(*count);
        const auto sent = co_await wire_.write_briefly(head, piece, slow_reader_pause);
        if (!sent) {
            co_return false;
        }
        const auto of_head = std::min(*sent, head.size());
        head.remove_prefix(of_head);
        left -= *sent - of_head;
        if (*sent - of_head < *count || !head.empty()) {
            source.unread(*count - (*sent - of_head));
            release_memory(memory);
            if (!co_await wire_.wait_for_room(services_.limits.write)) {
                co_return false;
            }
        }
    } while (left > 0 || !head.empty());
    co_return true;
}

// Each piece goes out when it is there. The source ends, or the client goes.
asio::awaitable<bool> Connection::send_endless(Response& response) {
    std::vector<std::byte> piece(endless_piece_bytes);
    bool goes_on = co_await wire_.write(head_, {}, services_.limits.write);
    while (goes_on && !services_.is_draining) {
        const auto count = co_await response.source->read(piece);
        goes_on = count && *count > 0 &&
                  co_await wire_.write({}, std::span(piece).first(*count), services_.limits.write);
    }
    co_return false;
}

}  // namespace sluice::http
