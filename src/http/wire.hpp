// One TCP connection's bytes: the socket, the small buffer of what came and is not used yet, and
// the deadline of the wait that is on. Used by Connection and its body reader; lives on the
// connection's loop, no thread safety.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/release_memory.hpp"
#include "base/result.hpp"
#include "runtime/deadline.hpp"

namespace sluice::http {

// With the loop's own executor type: any_io_executor costs a tenth of the small requests.
using Socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// To be awaited in place: no coroutine of its own, no exception.
inline constexpr auto as_outcome = boost::asio::as_tuple(boost::asio::deferred);
using Outcome = std::tuple<boost::system::error_code, std::size_t>;

class Wire {
  public:
    explicit Wire(Socket socket);

    Socket& socket() { return socket_; }
    boost::asio::io_context& loop() { return socket_.get_executor().context(); }

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
    // The same to be awaited at once, without a coroutine: what it gives goes to note_filled().
    auto read_some() {
        const auto into = room();
        return socket_.async_read_some(boost::asio::buffer(into.data(), into.size()), as_outcome);
    }
    Result<std::size_t> note_filled(const Outcome& outcome);
    void start_deadline(std::chrono::milliseconds patience) { deadline_.set(patience); }
    void stop_deadline() { deadline_.clear(); }
    bool is_overdue() const { return deadline_.has_expired(); }
    // Ends when bytes, or the end, are there; to be awaited at once. Needs no buffer meanwhile. May end for
    // bytes that take() has had.
    auto readable() { return socket_.async_wait(Socket::wait_read, as_outcome); }
    // Precondition: buffered() is empty.
    void drop_buffer() { release_memory(buffer_); }
    // True: take() gives something.
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
    // All of both, as one gather write if the socket takes it. False: timeout, or the connection
    // broke.
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
    // Waits until the socket takes more. False: timeout, or the connection broke.
    boost::asio::awaitable<bool> wait_for_room(std::chrono::milliseconds patience);

    // Ends our direction and swallows what the other end still sends, so that it reads our answer
    // instead of a reset: at most `bytes_max`, and no longer than `patience`.
    boost::asio::awaitable<void> linger(
        std::uint64_t bytes_max, std::chrono::milliseconds patience
    );
    // Ends every wait; the connection is of no use afterwards.
    void close();

    std::uint64_t received() const { return received_; }
    std::uint64_t sent() const { return sent_; }

  private:
    void make_room();
    std::span<std::byte> room();

    Socket socket_;
    runtime::Deadline deadline_;
    std::vector<std::byte> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::uint64_t received_ = 0;
    std::uint64_t sent_ = 0;
};

// "127.0.0.1", "[::1]:8080"; a mapped IPv4 address as what it is.
std::string address_text(const boost::asio::ip::tcp::endpoint& endpoint, bool with_port);

}  // namespace sluice::http
