#include "http/wire.hpp"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
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

// "127.0.0.1", "[::1]:8080"; a mapped IPv4 address as what it is.
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

using AskForName = int(int, sockaddr*, socklen_t*);

std::string name_of(int socket, AskForName* ask, bool with_port) {
    asio::ip::tcp::endpoint endpoint;
    auto length = static_cast<socklen_t>(endpoint.capacity());
    if (ask(socket, endpoint.data(), &length) != 0) {
        return {};
    }
    endpoint.resize(length);
    return address_text(endpoint, with_port);
}

bool is_later(int error) {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

ssize_t send_to(int socket, std::string_view first, std::span<const std::byte> second) {
    constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    if (second.empty()) {  // the kernel has no list of pieces to read
        return ::send(socket, first.data(), first.size(), flags);
    }
    std::array pieces{
        iovec{.iov_base = const_cast<char*>(first.data()), .iov_len = first.size()},
        iovec{.iov_base = const_cast<std::byte*>(second.data()), .iov_len = second.size()}
    };
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    return ::sendmsg(socket, &message, flags);
}

// What is left of both after so many bytes of them.
void advance(std::string_view& first, std::span<const std::byte>& second, std::size_t count) {
    const auto of_first = std::min(count, first.size());
    first.remove_prefix(of_first);
    second = second.subspan(count - of_first);
}

}  // namespace

Wire::Wire(Socket socket, std::optional<Pace> pace)
    : loop_(socket.loop),
      file_(std::move(socket.file)),
      watched_(loop_, file_.get()),
      deadline_(loop_.get_executor(), [this] { watched_.cancel(); }),
      pace_(std::move(pace)) {
    const int yes = 1;  // or a short answer waits for an acknowledgement
    ::setsockopt(file_.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

std::string Wire::peer() const {
    return name_of(file_.get(), ::getpeername, false);
}

std::string Wire::local() const {
    return name_of(file_.get(), ::getsockname, true);
}

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

std::optional<std::size_t> Wire::note_read(ssize_t got, std::size_t room) {
    watched_.note_read(got, room);
    if (got < 0 && is_later(errno)) {
        return std::nullopt;
    }
    const std::size_t count = got < 0 ? 0 : static_cast<std::size_t>(got);
    received_ += count;
    return count;
}

std::optional<std::size_t> Wire::fill_now() {
    const auto into = room();
    const auto count =
        note_read(::recv(file_.get(), into.data(), into.size(), MSG_DONTWAIT), into.size());
    end_ += count.value_or(0);
    return count;
}

asio::awaitable<Result<std::size_t>> Wire::fill(std::chrono::milliseconds patience) {
    // Much may come, in small pieces: others have their turn between.
    if (watched_.may_read()) {
        co_await watched_.end_of_round();
    }
    deadline_.set(patience);
    auto filled = co_await fill_before_deadline();
    deadline_.clear();
    co_return filled;
}

asio::awaitable<Result<std::size_t>> Wire::fill_before_deadline() {
    while (watched_.may_read() || co_await watched_.readable()) {
        if (const auto count = fill_now()) {
            co_return *count;
        }
    }
    co_return deadline_.has_expired() ? Result<std::size_t>(Error{ErrorCode::request_timeout})
                                      : Result<std::size_t>(0);
}

bool Wire::has_arrived() {
    pollfd look{.fd = file_.get(), .events = POLLIN, .revents = 0};
    const bool is_there = ::poll(&look, 1, 0) > 0;
    if (!is_there) {
        watched_.note_nothing_there();
    }
    return is_there;
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
    bool goes_on = true;
    // The kernel may still tell of bytes that were taken since it saw them.
    do {
        goes_on = co_await watched_.readable();
    } while (goes_on && !has_arrived());
    deadline_.clear();
    co_return goes_on || !deadline_.has_expired();
}

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
    const auto count =
        note_read(::recvmsg(file_.get(), &message, MSG_DONTWAIT), into.size() + beyond.size());
    if (!count) {
        return std::nullopt;
    }
    const auto direct = std::min(*count, into.size());
    begin_ = 0;
    end_ = *count - direct;
    return direct;
}

std::optional<std::size_t> Wire::send_now(
    std::string_view first, std::span<const std::byte> second
) {
    const auto sent = send_to(file_.get(), first, second);
    if (sent < 0) {
        return is_later(errno) ? std::optional<std::size_t>(0) : std::nullopt;
    }
    sent_ += static_cast<std::size_t>(sent);
    return static_cast<std::size_t>(sent);
}

std::size_t Wire::write_at_once(std::string_view first, std::span<const std::byte> second) {
    return send_now(first, second).value_or(0);
}

asio::awaitable<bool> Wire::write(
    std::string_view first, std::span<const std::byte> second, std::chrono::milliseconds patience
) {
    while (first.size() + second.size() > 0) {
        const auto sent = send_now(first, second);
        if (!sent) {
            co_return false;
        }
        advance(first, second, *sent);
        if (first.size() + second.size() > 0 && !co_await wait_for_room(patience)) {
            co_return false;
        }
    }
    co_return true;
}

asio::awaitable<std::optional<std::size_t>> Wire::write_briefly(
    std::string_view first, std::span<const std::byte> second, std::chrono::milliseconds pause_max
) {
    const std::size_t all = first.size() + second.size();
    while (first.size() + second.size() > 0) {
        const auto sent = send_now(first, second);
        if (!sent) {
            co_return std::nullopt;
        }
        advance(first, second, *sent);
        if (first.size() + second.size() > 0 && !co_await wait_for_room(pause_max)) {
            const bool is_pause = deadline_.has_expired() && !is_too_slow_;
            co_return is_pause ? std::optional(all - first.size() - second.size()) : std::nullopt;
        }
    }
    co_return all;
}

asio::awaitable<bool> Wire::wait_for_room(std::chrono::milliseconds patience) {
    const auto begun = std::chrono::steady_clock::now();
    deadline_.set(patience);
    const bool is_room = co_await watched_.writable();
    deadline_.clear();
    if (pace_ && pace_->judge(std::chrono::steady_clock::now() - begun, sent_)) {
        is_too_slow_ = true;
    }
    co_return is_room && !is_too_slow_;
}

void Wire::end_sending() {
    ::shutdown(file_.get(), SHUT_WR);
}

asio::awaitable<bool> Wire::swallow(std::uint64_t bytes_max, std::chrono::milliseconds patience) {
    deadline_.set(patience);
    std::vector<std::byte> swallowed(16 * 1024);
    std::uint64_t bytes = 0;
    bool goes_on = true;
    while (goes_on && bytes < bytes_max && !deadline_.has_expired() && !is_closed_ &&
           (watched_.may_read() || co_await watched_.readable())) {
        const auto got = note_read(
            ::recv(file_.get(), swallowed.data(), swallowed.size(), MSG_DONTWAIT), swallowed.size()
        );
        goes_on = got != std::size_t{0};
        bytes += got.value_or(0);
        co_await watched_.end_of_round();
    }
    // A wait that was ended before its time: the server stops.
    goes_on = goes_on && (bytes >= bytes_max || deadline_.has_expired());
    deadline_.clear();
    co_return goes_on;
}

void Wire::close() {
    is_closed_ = true;
    watched_.cancel();
}

}  // namespace sluice::http
