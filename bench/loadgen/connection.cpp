#include "loadgen/connection.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace sluice::bench {
namespace {

// bbr, the default of some kernels, paces the sender on loopback. Where cubic is absent, so be it.
constexpr std::string_view congestion = "cubic";

struct Ready {
    Readiness& state;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> handle) { state.waiting = handle; }
    std::uint32_t await_resume() const { return state.seen; }
};

bool is_gone(int error) {
    return error == EPIPE || error == ECONNRESET;
}

}  // namespace

std::string Answer::header(std::string_view name) const {
    for (std::size_t at = 0; at < head.size();) {
        const std::size_t end = std::min(head.find("\r\n", at), head.size());
        const std::string_view line = std::string_view(head).substr(at, end - at);
        if (line.size() > name.size() && line[name.size()] == ':' &&
            ::strncasecmp(line.data(), name.data(), name.size()) == 0) {
            const auto from = line.find_first_not_of(' ', name.size() + 1);
            return from == std::string_view::npos ? "" : std::string(line.substr(from));
        }
        at = end + 2;
    }
    return {};
}

void Connection::close() {
    if (socket_ >= 0) {
        ::close(socket_);
    }
    socket_ = -1;
    received_.clear();
}

Task<std::uint32_t> Connection::readiness(std::uint32_t wanted) {
    readiness_.wanted = wanted;
    co_return co_await Ready{readiness_};
}

Task<> Connection::connect() {
    close();
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket_ < 0) {
        throw Broken("no socket: " + std::string(std::strerror(errno)));
    }
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(socket_, IPPROTO_TCP, TCP_CONGESTION, congestion.data(), congestion.size());
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(target_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    loop_.watch(socket_, readiness_);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        if (errno != EINPROGRESS) {
            throw Broken("cannot connect: " + std::string(std::strerror(errno)));
        }
        co_await readiness(EPOLLOUT);
        int error = 0;
        socklen_t length = sizeof error;
        ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &length);
        if (error != 0) {
            throw Broken("cannot connect: " + std::string(std::strerror(error)));
        }
    }
}

// False: an answer has come, or the other side is gone.
Task<bool> Connection::send_text(std::string_view text, bool more) {
    while (!text.empty()) {
        const ssize_t sent =
            ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL | (more ? MSG_MORE : 0));
        if (sent >= 0) {
            text.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN) {
            if ((co_await readiness(EPOLLOUT | EPOLLIN) & EPOLLIN) != 0) {
                co_return false;
            }
        } else if (is_gone(errno)) {
            co_return false;
        } else if (errno != EINTR) {
            throw Broken("send: " + std::string(std::strerror(errno)));
        }
    }
    co_return true;
}

Task<bool> Connection::send_content(Extent extent) {
    while (extent.length > 0) {
        const Piece piece = content_.piece_at(extent);
        ssize_t sent = 0;
        if (!piece.text.empty()) {
            if (!co_await send_text(piece.text, true)) {
                co_return false;
            }
            sent = static_cast<ssize_t>(piece.length);
        } else {
            off_t at = piece.file_offset;
            sent = ::sendfile(socket_, content_.file(), &at, piece.length);
        }
        if (sent > 0) {
            extent.offset += static_cast<std::uint64_t>(sent);
            extent.length -= static_cast<std::uint64_t>(sent);
        } else if (errno == EAGAIN) {
            if ((co_await readiness(EPOLLOUT | EPOLLIN) & EPOLLIN) != 0) {
                co_return false;
            }
        } else if (is_gone(errno)) {
            co_return false;
        } else if (errno != EINTR) {
            throw Broken("sendfile: " + std::string(std::strerror(errno)));
        }
    }
    co_return true;
}

Task<bool> Connection::send(const Request& request) {
    const bool more = request.content.length > 0 || !request.tail.empty();
    co_return co_await send_text(request.head, more) && co_await send_content(request.content) &&
        co_await send_text(request.tail, false);
}

Task<> Connection::begin_only(const Request& request, std::uint64_t count) {
    if (!is_open()) {
        co_await connect();
    }
    Extent part = request.content;
    part.length = std::min(part.length, count);
    if (!co_await send_text(request.head, true) || !co_await send_content(part)) {
        throw Broken("the server answered a request that had only begun");
    }
    // Lets go of what MSG_MORE held back.
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Task<Answer> Connection::ask(const Request& request, const Sink& sink) {
    if (!is_open()) {
        co_await connect();
    }
    const bool was_sent = co_await send(request);
    Answer answer = co_await receive(request.is_head, sink);
    answer.was_early = !was_sent;
    if (!was_sent || ::strcasecmp(answer.header("Connection").c_str(), "close") == 0) {
        close();
    }
    co_return answer;
}

Task<> Connection::fill() {
    for (;;) {
        std::array<char, 65536> bytes;
        const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), 0);
        if (count > 0) {
            received_.append(bytes.data(), static_cast<std::size_t>(count));
            co_return;
        }
        if (count == 0 || is_gone(errno)) {
            throw Broken("the server closed the connection");
        }
        if (errno == EAGAIN) {
            co_await readiness(EPOLLIN | EPOLLRDHUP);
        } else if (errno != EINTR) {
            throw Broken("recv: " + std::string(std::strerror(errno)));
        }
    }
}

Task<> Connection::take_body(std::uint64_t count, const Sink& to) {
    while (count > 0) {
        if (received_.empty()) {
            co_await fill();
        }
        const auto part =
            static_cast<std::size_t>(std::min<std::uint64_t>(count, received_.size()));
        to({received_.data(), part});
        received_.erase(0, part);
        count -= part;
    }
}

Task<std::string> Connection::take_line() {
    std::size_t end = received_.find("\r\n");
    while (end == std::string::npos) {
        co_await fill();
        end = received_.find("\r\n");
    }
    std::string line = received_.substr(0, end);
    received_.erase(0, end + 2);
    co_return line;
}

Task<> Connection::take_chunks(const Sink& to) {
    for (;;) {
        const std::string line = co_await take_line();
        const std::uint64_t count = std::strtoull(line.c_str(), nullptr, 16);
        if (count == 0) {
            while (!(co_await take_line()).empty()) {
            }
            co_return;
        }
        co_await take_body(count, to);
        co_await take_line();
    }
}

Task<Answer> Connection::receive(bool is_head, const Sink& sink) {
    std::size_t end = received_.find("\r\n\r\n");
    while (end == std::string::npos) {
        co_await fill();
        end = received_.find("\r\n\r\n");
    }
    Answer answer;
    answer.status = std::atoi(received_.c_str() + std::min<std::size_t>(9, end));
    const std::size_t line = received_.find("\r\n");
    answer.head = received_.substr(line + 2, end - std::min(end, line + 2));
    received_.erase(0, end + 4);
    if (answer.status < 200) {
        co_return co_await receive(is_head, sink);
    }
    if (is_head || answer.status == 204 || answer.status == 304) {
        co_return answer;
    }
    const Sink keep = [&answer](std::span<const char> part) {
        answer.body.append(part.data(), part.size());
    };
    const Sink& to = sink && answer.status < 300 ? sink : keep;
    if (::strcasecmp(answer.header("Transfer-Encoding").c_str(), "chunked") == 0) {
        co_await take_chunks(to);
    } else {
        co_await take_body(std::strtoull(answer.header("Content-Length").c_str(), nullptr, 10), to);
    }
    co_return answer;
}

}  // namespace sluice::bench
