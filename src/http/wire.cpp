#include "http/wire.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/assert.hpp"
#include "base/release_memory.hpp"
#include "http/head_parser.hpp"

namespace sluice::http {

namespace asio = boost::asio;

namespace {

// Enough for the heads that clients send; idle connections hold it.
constexpr std::size_t buffer_bytes = 2 * 1024;
// The longest head and a little, so that the parser sees the excess.
constexpr std::size_t buffer_bytes_max = head_bytes_max + 1024;

asio::mutable_buffer as_buffer(std::span<std::byte> bytes) {
    return asio::buffer(bytes.data(), bytes.size());
}

}  // namespace

Wire::Wire(Socket socket)
    : socket_(std::move(socket)), deadline_(socket_.get_executor(), [this] { close(); }) {}

std::string_view Wire::buffered_text() const {
    const auto bytes = buffered();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void Wire::consume(std::size_t count) {
    SLUICE_ASSERT(count <= end_ - begin_);
    begin_ += count;
    if (begin_ == end_) {
        begin_ = end_ = 0;
    }
}

void Wire::shrink() {
    if (buffer_.size() > buffer_bytes && end_ == begin_) {
        buffer_ = std::vector<std::byte>(buffer_bytes);
    }
}

void Wire::make_room() {
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= std::exchange(begin_, 0);
    }
    if (end_ == buffer_.size()) {
        SLUICE_ASSERT(buffer_.size() < buffer_bytes_max);
        buffer_.resize(std::clamp(buffer_.size() * 4, buffer_bytes, buffer_bytes_max));
    }
}

std::span<std::byte> Wire::room() {
    make_room();
    return std::span(buffer_).subspan(end_);
}

Result<std::size_t> Wire::note_filled(const Outcome& outcome) {
    const std::size_t count = std::get<1>(outcome);
    end_ += count;
    received_ += count;
    if (count == 0 && deadline_.has_expired()) {
        return Error{ErrorCode::request_timeout};
    }
    return count;
}

asio::awaitable<Result<std::size_t>> Wire::fill(std::chrono::milliseconds patience) {
    deadline_.set(patience);
    auto filled = note_filled(co_await read_some());
    deadline_.clear();
    co_return filled;
}

asio::awaitable<Result<std::size_t>> Wire::fill_before_deadline() {
    co_return note_filled(co_await read_some());
}

bool Wire::has_arrived() {
    pollfd look{.fd = socket_.native_handle(), .events = POLLIN, .revents = 0};
    return ::poll(&look, 1, 0) > 0;
}

asio::awaitable<bool> Wire::arrives_within(std::chrono::milliseconds patience) {
    if (has_arrived()) {
        co_return true;
    }
    if (patience.count() == 0) {
        co_return false;
    }
    if (begin_ == end_) {
        release_memory(buffer_);
    }
    deadline_.set(patience);
    boost::system::error_code error;
    // The reactor may still tell of bytes that were taken since it saw them.
    do {
        std::tie(error) = co_await readable();
    } while (!error && !has_arrived());
    deadline_.clear();
    co_return !(error && deadline_.has_expired());
}

// Not by async_read_some: with it the reactor moves the bytes of all sockets that are ready before
// any handler runs.
std::optional<std::size_t> Wire::take(std::span<std::byte> into, bool overflow) {
    SLUICE_ASSERT(begin_ == end_ && !into.empty());
    const auto beyond = std::span(buffer_).first(overflow ? buffer_.size() : 0);
    std::array pieces{
        iovec{.iov_base = into.data(), .iov_len = into.size()},
        iovec{.iov_base = buffer_.data(), .iov_len = beyond.size()}
    };
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    const auto got = ::recvmsg(socket_.native_handle(), &message, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return std::nullopt;
    }
    const std::size_t count = got < 0 ? 0 : static_cast<std::size_t>(got);
    received_ += count;
    const auto direct = std::min(count, into.size());
    begin_ = 0;
    end_ = count - direct;
    return direct;
}

std::size_t Wire::write_at_once(std::string_view first, std::span<const std::byte> second) {
    std::array pieces{
        iovec{.iov_base = const_cast<char*>(first.data()), .iov_len = first.size()},
        iovec{.iov_base = const_cast<std::byte*>(second.data()), .iov_len = second.size()}
    };
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    const auto sent = ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    const std::size_t count = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    sent_ += count;
    return count;
}

asio::awaitable<bool> Wire::write(
    std::string_view first, std::span<const std::byte> second, std::chrono::milliseconds patience
) {
    std::array buffers{
        asio::buffer(first.data(), first.size()), asio::buffer(second.data(), second.size())
    };
    while (buffers[0].size() + buffers[1].size() > 0) {
        deadline_.set(patience);
        const auto [error, count] = co_await socket_.async_write_some(buffers, as_outcome);
        deadline_.clear();
        if (error) {
            co_return false;
        }
        sent_ += count;
        const auto of_first = std::min(count, buffers[0].size());
        buffers[0] += of_first;
        buffers[1] += count - of_first;
    }
    co_return true;
}

asio::awaitable<std::optional<std::size_t>> Wire::write_briefly(
    std::string_view first, std::span<const std::byte> second, std::chrono::milliseconds pause_max
) {
    std::array buffers{
        asio::buffer(first.data(), first.size()), asio::buffer(second.data(), second.size())
    };
    boost::system::error_code error;
    std::size_t written = 0;
    while (!error && buffers[0].size() + buffers[1].size() > 0) {
        deadline_.set(pause_max);
        const auto [failure, count] = co_await socket_.async_write_some(buffers, as_outcome);
        error = failure;
        deadline_.clear();
        written += count;
        const auto of_first = std::min(count, buffers[0].size());
        buffers[0] += of_first;
        buffers[1] += count - of_first;
    }
    sent_ += written;
    co_return error && !deadline_.has_expired() ? std::nullopt : std::optional(written);
}

asio::awaitable<bool> Wire::wait_for_room(std::chrono::milliseconds patience) {
    deadline_.set(patience);
    const auto [error] = co_await socket_.async_wait(Socket::wait_write, as_outcome);
    deadline_.clear();
    co_return !error;
}

asio::awaitable<void> Wire::linger(std::uint64_t bytes_max, std::chrono::milliseconds patience) {
    boost::system::error_code error;
    socket_.shutdown(Socket::shutdown_send, error);
    deadline_.set(patience);
    std::vector<std::byte> swallowed(16 * 1024);
    std::uint64_t bytes = 0;
    while (!error && bytes < bytes_max) {
        const auto [failure, count] =
            co_await socket_.async_read_some(as_buffer(swallowed), as_outcome);
        error = failure;
        bytes += count;
    }
    deadline_.clear();
}

void Wire::close() {
    boost::system::error_code error;
    socket_.cancel(error);
}

std::string address_text(const asio::ip::tcp::endpoint& endpoint, bool with_port) {
    auto from = endpoint.address();
    if (from.is_v6() && from.to_v6().is_v4_mapped()) {  // a socket that takes both kinds
        from = asio::ip::make_address_v4(asio::ip::v4_mapped, from.to_v6());
    }
    auto address = from.to_string();
    if (!with_port) {
        return address;
    }
    const auto host = from.is_v6() ? "[" + address + "]" : address;
    return host + ":" + std::to_string(endpoint.port());
}

}  // namespace sluice::http
