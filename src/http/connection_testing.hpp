// A listener over a handler of the tests, for tests of connections over real sockets.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "base/error_catalogue.hpp"
#include "http/connection.hpp"
#include "http/listener.hpp"
#include "http/test_client.hpp"

namespace sluice::http {

using namespace std::chrono_literals;
using boost::asio::awaitable;

class RepeatedByte final : public BodySource {
  public:
    RepeatedByte(std::uint64_t length, std::uint64_t fails_at, std::atomic<int>& unread)
        : length_(length), fails_at_(fails_at), unread_(unread) {}
    std::uint64_t length() const override { return length_; }
    awaitable<Result<std::size_t>> read(std::span<std::byte> bytes) override {
        if (given_ >= fails_at_) {
            co_return Error{ErrorCode::storage_failed};
        }
        const auto count = std::min<std::uint64_t>(bytes.size(), length_ - given_);
        for (std::uint64_t i = 0; i < count; ++i) {
            bytes[i] = at(given_ + i);
        }
        given_ += count;
        co_return count;
    }
    void unread(std::uint64_t count) override {
        given_ -= count;
        ++unread_;
    }
    static std::byte at(std::uint64_t offset) { return std::byte((offset / 1'000'000) + 's'); }

  private:
    const std::uint64_t length_;
    const std::uint64_t fails_at_;
    std::atomic<int>& unread_;
    std::uint64_t given_ = 0;
};

// Answers by path: /echo gives the body back, /refuse leaves it unread, and so on.
class TestHandler final : public Handler {
  public:
    awaitable<std::unique_ptr<Response>> handle(const Request& request, BodyReader& body) override {
        co_return std::make_unique<Response>(co_await answer(request, body));
    }

    awaitable<Response> answer(const Request& request, BodyReader& body) {
        Response response;
        response.route = "test.path";
        response.set("Seen", request.method + " " + request.path);
        if (request.path == "/throw") {
            throw std::runtime_error("on purpose");
        }
        if (request.path == "/refuse") {
            response.status = 403;
            response.body = "refused";
            co_return response;
        }
        if (request.path == "/facts") {
            response.body = request.base_url + " " + request.peer + " " + request.request_id;
            co_return response;
        }
        if (request.path == "/dead_source") {
            response.set("Access-Control-Allow-Origin", "*");
            response.source = std::make_unique<RepeatedByte>(1'000'000, 0, unread);
            co_return response;
        }
        if (request.path == "/source" || request.path == "/broken_source") {
            response.source = std::make_unique<RepeatedByte>(
                1'000'000, request.path == "/source" ? 2'000'000 : 500'000, unread
            );
            co_return response;
        }
        if (request.path == "/long_source") {
            response.source = std::make_unique<RepeatedByte>(long_length, long_length + 1, unread);
            co_return response;
        }
        if (request.path == "/long_body") {
            for (std::uint64_t i = 0; i < long_length; ++i) {
                response.body += static_cast<char>(RepeatedByte::at(i));
            }
            co_return response;
        }
        if (request.path == "/nothing") {
            response.status = 204;
            co_return response;
        }
        co_return co_await echo(std::move(response), body);
    }

    Response refuse(const Error& error, const std::string&, std::string_view) override {
        const auto& entry = entry_of(error.code);
        Response response;
        response.status = entry.status;
        response.error_code = entry.slug;
        response.route = "test.refused";
        response.body = std::string(entry.slug) + ": " + error.facts;
        return response;
    }

    static constexpr std::uint64_t long_length = 30'000'000;
    std::atomic<int> unread = 0;  // by slow readers

  private:
    awaitable<Response> echo(Response response, BodyReader& body) {
        std::array<std::byte, 1000> piece;
        while (true) {
            const auto count = co_await body.read_some(piece);
            if (!count) {
                co_return refuse(count.error(), "", "");
            }
            if (*count == 0) {
                co_return response;
            }
            response.body.append(reinterpret_cast<const char*>(piece.data()), *count);
        }
    }
};

class ConnectionTest : public ::testing::Test {
  protected:
    explicit ConnectionTest(const ConnectionLimits& limits = {})
        : listener_(loops_, handler_, metrics_, clock_, limits) {
        port_ = listener_.listen("127.0.0.1", 0).value();
        loops_.start();
    }
    ~ConnectionTest() override {
        listener_.drain();
        listener_.drained(100ms);
    }
    Client connect() const { return Client(port_); }
    std::string once(std::string_view request) const {
        auto client = connect();
        client.send(request);
        return client.answer();
    }
    // The numbers, when this is among them: an answer may be on its way before it is counted.
    std::string counted(std::string_view last) {
        std::string text = metrics_.text();
        for (int i = 0; i < 200 && !text.contains(last); ++i) {
            std::this_thread::sleep_for(5ms);
            text = metrics_.text();
        }
        return text;
    }

    TestHandler handler_;
    Metrics metrics_;
    SystemClock clock_;
    runtime::EventLoops loops_{2};
    Listener listener_;
    std::uint16_t port_ = 0;
};

inline std::string get(std::string_view path, std::string_view fields = "") {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: sluice.test\r\n" + std::string(fields) +
           "\r\n";
}

inline std::string post(
    std::string_view path, std::string_view body, std::string_view fields = ""
) {
    return "POST " + std::string(path) +
           " HTTP/1.1\r\nHost: sluice.test\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

inline bool has_status(std::string_view answer, int status) {
    return answer.starts_with("HTTP/1.1 " + std::to_string(status) + " ");
}

}  // namespace sluice::http
