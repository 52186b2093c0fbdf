// What a connection does with what a client still sends when its answer has gone.
#include <vector>

#include "http/connection.hpp"

namespace sluice::http {

namespace asio = boost::asio;

namespace {

constexpr std::size_t discard_piece_bytes = 16 * 1024;
// Its client has that much in any case.
constexpr std::chrono::milliseconds time_to_read_answer{500};

// Up to the end of the body, where the next request begins. False: it was given up.
asio::awaitable<bool> discard(
    Wire& wire,
    SocketBody& body,
    Lingering& rest,
    const LoopServices& services,
    const bool& is_ended
) {
    std::vector<std::byte> piece(discard_piece_bytes);
    std::uint64_t discarded = 0;
    while (discarded <= services.limits.unread_bytes_max && !services.is_draining && !is_ended) {
        const auto left = rest.time_left(wire.received());
        if (left.count() == 0) {
            co_return false;
        }
        if (!co_await body.arrives_within(left) || is_ended) {
            continue;  // a wait that was ended may say that something is there
        }
        const auto count = co_await body.read_some(piece);
        if (!count || *count == 0) {
            co_return count.has_value();
        }
        discarded += *count;
    }
    co_return false;
}

asio::awaitable<void> linger_on(Wire& wire, Lingering& rest, const bool& is_ended) {
    wire.end_sending();
    auto left = rest.time_left(wire.received());
    auto bytes_left = rest.bytes_left(wire.received());
    while (left.count() > 0 && bytes_left > 0 && !is_ended &&
           co_await wire.swallow(bytes_left, left)) {
        left = rest.time_left(wire.received());
        bytes_left = rest.bytes_left(wire.received());
    }
}

}  // namespace

asio::awaitable<bool> Connection::leave(SocketBody& body, bool keeps_alive) {
    begin_lingering();
    Lingering rest(services_.limits, wire_.received(), lingers_briefly());
    if (keeps_alive && co_await discard(wire_, body, rest, services_, is_ended_)) {
        RingNode::leave();
        waits_since_ = std::chrono::steady_clock::now();
        co_return true;
    }
    co_await linger_on(wire_, rest, is_ended_);
    co_return false;
}

asio::awaitable<void> Connection::linger() {
    begin_lingering();
    Lingering rest(services_.limits, wire_.received(), lingers_briefly());
    co_await linger_on(wire_, rest, is_ended_);
}

void Connection::begin_lingering() {
    waits_since_ = std::chrono::steady_clock::now();
    if (!is_last_resort()) {  // has little time anyway
        join(services_.lingering);
    }
}

// For INIT, FINALIZE and the like: who was refused has its answer, and only sends what nobody reads.
bool Connection::finds_place(const Request& request) {
    const bool is_small = request.content_length && *request.content_length <= small_body_bytes;
    if (is_small && (services_.close_longest_idle() || services_.cut_longest_lingering())) {
        place_.make_usual();
    }
    return !is_last_resort();
}

bool Connection::may_be_cut() const {
    return std::chrono::steady_clock::now() - waits_since_ >= time_to_read_answer;
}

bool Connection::lingers_briefly() const {
    return is_last_resort() || services_.is_draining;
}

}  // namespace sluice::http
