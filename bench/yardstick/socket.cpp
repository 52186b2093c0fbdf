#include "yardstick/socket.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "yardstick/session.hpp"

namespace sluice::yardstick {
namespace {

bool wait_to_send(int socket) {
    pollfd wanted{socket, POLLOUT, 0};
    return ::poll(&wanted, 1, 10'000) == 1;
}

bool send_text(int socket, std::string_view text) {
    while (!text.empty()) {
        const ssize_t sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            text.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno != EAGAIN || !wait_to_send(socket)) {
            return false;
        }
    }
    return true;
}

bool send_file(int socket, int file, std::uint64_t offset, std::uint64_t length) {
    auto at = static_cast<off_t>(offset);
    const off_t end = at + static_cast<off_t>(length);
    while (at < end) {
        const ssize_t sent = ::sendfile(socket, file, &at, static_cast<std::size_t>(end - at));
        if (sent == 0 || (sent < 0 && (errno != EAGAIN || !wait_to_send(socket)))) {
            return false;
        }
    }
    return true;
}

}  // namespace

void die(const std::string& what, int error) {
    std::fprintf(stderr, "yardstick: %s: %s\n", what.c_str(), std::strerror(error));
    std::exit(1);
}

int listen_on(std::uint16_t port, bool is_blocking) {
    const int listener =
        ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (is_blocking ? 0 : SOCK_NONBLOCK), 0);
    const int on = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener, 4096) != 0) {
        die("cannot listen", errno);
    }
    return listener;
}

void say_ready(int listener) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
    std::printf("yardstick ready http://127.0.0.1:%u\n", ntohs(address.sin_port));
    std::fflush(stdout);
}

bool send_answers(int socket, Session& session) {
    if (session.answers.empty()) {
        return true;
    }
    const bool was_sent = send_text(socket, session.answers);
    session.answers.clear();
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    const int file = session.take_file(offset, length);
    return was_sent && (file < 0 || send_file(socket, file, offset, length));
}

void write_all(int file, const char* bytes, std::uint64_t count, std::uint64_t offset) {
    while (count > 0) {
        const ssize_t written = ::pwrite(file, bytes, count, static_cast<off_t>(offset));
        if (written < 0 && errno != EINTR) {
            die("pwrite", errno);
        }
        const auto done = static_cast<std::uint64_t>(written < 0 ? 0 : written);
        bytes += done;
        count -= done;
        offset += done;
    }
}

void write_unaligned(int file, const char* bytes, std::uint64_t count, std::uint64_t offset) {
    const int flags = ::fcntl(file, F_GETFL);
    ::fcntl(file, F_SETFL, flags & ~O_DIRECT);
    write_all(file, bytes, count, offset);
    ::fcntl(file, F_SETFL, flags);
}

}  // namespace sluice::yardstick
