// One TCP connection's bytes: the socket, the small buffer of what came and is not used yet, and
// the deadline of the wait that is on. Used by Connection and its body reader; lives on the
// connection's loop, no thread safety.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/release_memory.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "http/pace.hpp"
#include "runtime/deadline.hpp"
#include "runtime/watched_socket.hpp"

namespace sluice::http {

// A connection that was accepted, and the loop on which it will live. Does not block.
struct Socket {
    boost::asio::io_context& loop;
    UniqueFd file;
};

class Wire {
  public:
    // With a pace, the other end has to take what is written in it.
    explicit Wire(Socket socket, std::optional<Pace> pace = {});

    boost::asio::io_context& loop() { return loop_; }
    // "127.0.0.1" of the other end, "127.0.0.1:8080" or "[::1]:8080" of ours; empty: it is gone.
    std::string peer() const;
    std::string local() const;

    // Received, not used yet.
    std::span<const std::byte> buffered() const {
        return std::span(buffer_).subspan(begin_, end_ - begin_);
    }
    std::string_view buffered_text() const;
    void consume(std::size_t count);
    // Gives the memory of a long head back; called between two requests.
    void shrink();

    // Waits for more bytes behind buffered(). 0: the other end has closed, or the connection broke.
    // Errors: request_timeout. Precondition: buffered() is shorter than the longest head.
    boost::asio::awaitable<Result<std::size_t>> fill(std::chrono::milliseconds patience);
    // The same under a deadline that several fills share.
    boost::asio::awaitable<Result<std::size_t>> fill_before_deadline();
    // What is there already. Nothing: not yet. 0 as above.
    std::optional<std::size_t> fill_now();
    void start_deadline(std::chrono::milliseconds patience) { deadline_.set(patience); }
    void start_deadline(std::chrono::milliseconds patience, runtime::Deadline::Time now) {
        deadline_.set(patience, now);
    }
    void stop_deadline() { deadline_.clear(); }
    bool is_overdue() const { return deadline_.has_expired(); }
    // False: fill_now() and take() give nothing before readable() has ended.
    bool may_read() const { return watched_.may_read(); }
    // To be awaited at once, when may_read() is false; needs no buffer meanwhile. True: bytes, or the end, may be there.
    // False: the deadline is over, or the wait was ended.
    auto readable() { return watched_.readable(); }
    // Between the two a wait costs more, and what comes without one costs nothing.
    void rest() { watched_.rest(); }
    void wake() { watched_.wake(); }
    // To be awaited at once: what else is ready on the loop goes on first.
    auto end_of_round() { return watched_.end_of_round(); }
    // Precondition: buffered() is empty.
    void drop_buffer() { release_memory(buffer_); }
    // A look that the kernel answers. True: take() gives something.
    bool has_arrived();
    // True: take() gives something. False: it will not for that long.
    boost::asio::awaitable<bool> arrives_within(std::chrono::milliseconds patience);
    // What is there, straight from the socket: first into `into`, what is beyond goes to the empty
    // buffer if `overflow`. Returns what went to `into`; 0 as above; nothing: there is nothing yet.
    // Precondition: buffered() is empty, `into` is not.
    std::optional<std::size_t> take(std::span<std::byte> into, bool overflow);
    // What the socket takes of both without a wait, as one gather write; 0 also if the connection broke,
    // which the write() of the rest then tells.
    std::size_t write_at_once(std::string_view first, std::span<const std::byte> second);
    // All of both, as one gather write if the socket takes it. False, here and below: timeout, the
    // connection broke, or the other end takes too little.
    boost::asio::awaitable<bool> write(
        std::string_view first,
        std::span<const std::byte> second,
        std::chrono::milliseconds patience
    );

    // As much of both as the socket takes without a pause of that length. Nothing: the connection broke.
    boost::asio::awaitable<std::optional<std::size_t>> write_briefly(
        std::string_view first,
        std::span<const std::byte> second,
        std::chrono::milliseconds pause_max
    );
    // Waits until the socket takes more.
    boost::asio::awaitable<bool> wait_for_room(std::chrono::milliseconds patience);

    // Ends our direction.
    void end_sending();
    // Swallows what the other end still sends, so that it reads our answer instead of a reset: at most about
    // `bytes_max`, and no longer than `patience`. False: it sends no more.
    boost::asio::awaitable<bool> swallow(
        std::uint64_t bytes_max, std::chrono::milliseconds patience
    );
    // Ends the wait that is on, if one is, and swallow(); what else is waited for next is waited for.
    void close();

    std::uint64_t received() const { return received_; }
    std::uint64_t sent() const { return sent_; }

  private:
    void make_room();
    std::span<std::byte> room();
    // Of recvmsg(): as take() tells it.
    std::optional<std::size_t> note_read(ssize_t got, std::size_t room);
    // As much of both as the socket takes now. Nothing: the connection broke.
    std::optional<std::size_t> send_now(std::string_view first, std::span<const std::byte> second);

    boost::asio::io_context& loop_;
    UniqueFd file_;
    bool is_closed_ = false;    // by close(): nothing is swallowed any more
    bool is_too_slow_ = false;  // by pace_
    runtime::WatchedSocket watched_;
    runtime::Deadline deadline_;
    std::optional<Pace> pace_;
    std::vector<std::byte> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::uint64_t received_ = 0;
    std::uint64_t sent_ = 0;
};

}  // namespace sluice::http
