// A client of the tests: a blocking socket that sends bytes as they are told and reads answers.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "base/unique_fd.hpp"

namespace sluice::http {

class Client {
  public:
    explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            throw std::runtime_error("connect");
        }
    }

    // False if the server does not take it all.
    bool send(std::string_view text) {
        while (!text.empty()) {
            const auto count = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
            if (count <= 0) {
                return false;
            }
            text.remove_prefix(static_cast<std::size_t>(count));
        }
        return true;
    }
    void end_sending() { ::shutdown(socket_.get(), SHUT_WR); }

    // One answer with its body; empty if the connection ends before. HEAD and 1xx answers have no
    // body.
    std::string answer(bool has_body = true) {
        while (!received_.contains("\r\n\r\n")) {
            if (!receive()) {
                return {};
            }
        }
        const auto head = received_.find("\r\n\r\n") + 4;
        const auto field = received_.substr(0, head).find("Content-Length: ");
        const auto length =
            field == std::string::npos || !has_body ? 0 : std::stoul(received_.substr(field + 16));
        while (received_.size() < head + length && receive()) {
        }
        auto whole = received_.substr(0, head + length);
        received_.erase(0, head + length);
        return whole;
    }

    // Everything up to the server's end of the connection.
    std::string rest() {
        while (receive()) {
        }
        return std::exchange(received_, {});
    }
    bool is_silent_for(std::chrono::milliseconds time) {
        pollfd wait{.fd = socket_.get(), .events = POLLIN, .revents = 0};
        return received_.empty() && ::poll(&wait, 1, static_cast<int>(time.count())) == 0;
    }
    bool was_reset() const { return was_reset_; }

  private:
    bool receive() {
        char piece[65536];
        const auto count = ::recv(socket_.get(), piece, sizeof piece, 0);
        was_reset_ = count < 0;
        if (count <= 0) {
            return false;
        }
        received_.append(piece, static_cast<std::size_t>(count));
        return true;
    }

    UniqueFd socket_;
    std::string received_;
    bool was_reset_ = false;
};

}  // namespace sluice::http
