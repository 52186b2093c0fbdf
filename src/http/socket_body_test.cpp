#include "http/socket_body.hpp"

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/task_group.hpp"

namespace sluice::http {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

// One connection over loopback: the client's end, and the server's as a body of a request.
struct Exchange {
    Exchange(asio::io_context& loop, Request request) : request(std::move(request)) {
        asio::ip::tcp::acceptor door(loop, {asio::ip::address_v4::loopback(), 0});
        client.connect(door.local_endpoint());
        client.set_option(asio::ip::tcp::no_delay(true));
        wire = std::make_unique<Wire>(Socket{loop, UniqueFd(door.accept().release())});
        body = std::make_unique<SocketBody>(*wire, this->request, limits, *budget);
    }
    void send(std::string_view text) { asio::write(client, asio::buffer(text)); }

    asio::io_context of_client;
    asio::ip::tcp::socket client{of_client};
    Request request;
    ConnectionLimits limits;
    Metrics metrics;
    std::shared_ptr<ConnectionBudget> budget = std::make_shared<ConnectionBudget>(8, metrics);
    std::unique_ptr<Wire> wire;
    std::unique_ptr<SocketBody> body;
};

Request chunked() {
    Request request;
    request.is_chunked = true;
    return request;
}

Request of_length(std::uint64_t length) {
    Request request;
    request.content_length = length;
    return request;
}

class SocketBodyTest : public testing::Test {
  protected:
    void run(asio::awaitable<void> task) {
        runtime::TaskGroup group("test");
        bool has_ended = false;
        group.spawn(
            loop.get_executor(),
            [](asio::awaitable<void> task, bool& has_ended) -> asio::awaitable<void> {
                co_await std::move(task);
                has_ended = true;
            }(std::move(task), has_ended)
        );
        loop.run();
        EXPECT_TRUE(has_ended);
    }
    static asio::awaitable<std::string> read(Exchange& exchange) {
        std::array<std::byte, 100> bytes;
        const auto count = co_await exchange.body->read_some(bytes);
        co_return count ? std::string(reinterpret_cast<const char*>(bytes.data()), *count)
                        : "error: " + count.error().facts;
    }

    asio::io_context loop{1};
};

TEST_F(SocketBodyTest, FramingAloneIsNothingThatArrived) {
    run([](asio::io_context& loop) -> asio::awaitable<void> {
        Exchange exchange(loop, chunked());
        SocketBody& body = *exchange.body;
        for (const std::string_view part : {"4", "\r", "\n"}) {
            exchange.send(part);
            EXPECT_FALSE(co_await body.arrives_within(20ms));
        }
        exchange.send("aaaa\r\n");  // and the framing behind it in the same piece
        EXPECT_TRUE(co_await body.arrives_within(1s));
        EXPECT_EQ(co_await read(exchange), "aaaa");
        EXPECT_FALSE(co_await body.arrives_within(0ms));
        EXPECT_FALSE(co_await body.arrives_within(20ms));
        exchange.send("2\r\nbb");
        EXPECT_TRUE(co_await body.arrives_within(1s));
        EXPECT_EQ(co_await read(exchange), "bb");
        exchange.send("\r\n0\r\nA: b\r\n");
        EXPECT_FALSE(co_await body.arrives_within(20ms));
        exchange.send("\r\n");
        EXPECT_TRUE(co_await body.arrives_within(1s));
        EXPECT_TRUE(body.is_done());
        EXPECT_EQ(co_await read(exchange), "");
        EXPECT_EQ(body.trailer("a"), "b");
    }(loop));
}

TEST_F(SocketBodyTest, BrokenFramingAndTheEndArriveAndAreToldByTheRead) {
    run([](asio::io_context& loop) -> asio::awaitable<void> {
        Exchange broken(loop, chunked());
        broken.send("4\r\naaaaXX");
        EXPECT_EQ(co_await read(broken), "aaaa");
        EXPECT_TRUE(co_await broken.body->arrives_within(1s));
        EXPECT_TRUE((co_await read(broken)).starts_with("error: Broken chunked body: "));

        for (const std::string_view trailer : {"no colon here\r\n\r\n", "Host: b\r\n\r\n"}) {
            Exchange broken_at_end(loop, chunked());
            broken_at_end.send("0\r\n" + std::string(trailer));
            EXPECT_TRUE(co_await broken_at_end.body->arrives_within(1s));
            EXPECT_TRUE(co_await broken_at_end.body->arrives_within(1s));
            EXPECT_TRUE((co_await read(broken_at_end)).starts_with("error: ")) << trailer;
            EXPECT_TRUE(broken_at_end.body->is_broken());
            EXPECT_FALSE(broken_at_end.body->is_done());
        }

        Exchange ended(loop, chunked());
        ended.send("4\r\naaaa\r\n");
        EXPECT_EQ(co_await read(ended), "aaaa");
        ended.client.close();
        EXPECT_TRUE(co_await ended.body->arrives_within(1s));
        EXPECT_TRUE((co_await read(ended)).starts_with("error: The connection ended after 4 bytes")
        );
    }(loop));
}

// One call of the reactor brings the news of both sockets. While the first one is served, the byte of
// the second is read, and it is waited for again before the loop comes to tell of that byte.
TEST_F(SocketBodyTest, NewsOfBytesThatWereReadIsNotAnArrival) {
    run([](asio::io_context& loop) -> asio::awaitable<void> {
        Exchange first(loop, of_length(1));
        Exchange second(loop, of_length(2));
        EXPECT_FALSE(co_await second.body->arrives_within(1ms));
        first.send("a");
        second.send("b");
        co_await first.wire->readable();
        EXPECT_EQ(co_await read(second), "b");
        EXPECT_FALSE(co_await second.body->arrives_within(50ms));
        second.send("c");
        EXPECT_TRUE(co_await second.body->arrives_within(1s));
        EXPECT_EQ(co_await read(second), "c");
    }(loop));
}

// Whoever asks in pieces of its patience waits, too: bytes that trickle hold a connection, and perhaps a buffer.
TEST_F(SocketBodyTest, WhatIsWaitedForInPiecesHasToShowProgressWhenThereIsLittleRoom) {
    for (const bool is_tight : {false, true}) {
        for (const bool is_chunked : {false, true}) {
            run([](asio::io_context& loop, bool is_tight, bool is_chunked
                ) -> asio::awaitable<void> {
                Exchange exchange(loop, is_chunked ? chunked() : of_length(100));
                exchange.limits.progress_span = 50ms;
                exchange.limits.progress_bytes = 100;
                std::vector<ConnectionBudget::Place> others;
                for (int i = 0; i < (is_tight ? 5 : 1); ++i) {
                    others.push_back(exchange.budget->enter());
                }
                SocketBody& body = *exchange.body;
                std::string told;
                for (int i = 0; i < 10 && !told.starts_with("error: "); ++i) {
                    if (!co_await body.arrives_within(20ms)) {
                        exchange.send(is_chunked ? "1\r\nx\r\n" : "x");
                        EXPECT_TRUE(co_await body.arrives_within(1s));
                    }
                    told = co_await read(exchange);
                }
                EXPECT_EQ(told.starts_with("error: "), is_tight) << told;
                EXPECT_EQ(told.contains("at least 100 were expected"), is_tight) << told;
                EXPECT_EQ(body.is_broken(), is_tight);
            }(loop, is_tight, is_chunked));
            loop.restart();
        }
    }
}

TEST_F(SocketBodyTest, WhatWasWaitedForInPiecesCountsInTheLastWait) {
    Exchange exchange(loop, of_length(100));
    exchange.limits.body = 2s;
    run([](Exchange& exchange) -> asio::awaitable<void> {
        EXPECT_FALSE(co_await exchange.body->arrives_within(1s));
        EXPECT_FALSE(co_await exchange.body->arrives_within(1s));
        const auto begun = std::chrono::steady_clock::now();
        const auto ready = co_await exchange.body->ready();
        EXPECT_LT(std::chrono::steady_clock::now() - begun, 1s);
        EXPECT_TRUE(!ready && ready.error().code == ErrorCode::request_timeout);
    }(exchange));
}

TEST_F(SocketBodyTest, AByteEndsTheSilence) {
    Exchange exchange(loop, of_length(100));
    exchange.limits.body = 1s;
    run([](Exchange& exchange) -> asio::awaitable<void> {
        EXPECT_FALSE(co_await exchange.body->arrives_within(1s));
        exchange.send("a");
        EXPECT_EQ(co_await read(exchange), "a");
        const auto begun = std::chrono::steady_clock::now();
        EXPECT_FALSE(co_await exchange.body->ready());
        EXPECT_GE(std::chrono::steady_clock::now() - begun, 900ms);
    }(exchange));
}

// As long as a client sends faster than it is read, nothing but a turn lets others of the loop go on.
TEST_F(SocketBodyTest, AFloodOfSmallChunksLeavesTheLoopToOthers) {
    Exchange exchange(loop, chunked());
    exchange.limits.body = 1s;  // the loop stays for the deadline of a wait that ended
    std::string flood;
    for (int i = 0; i < 10'000; ++i) {
        flood += "1\r\nx\r\n";
    }
    exchange.send(flood + "0\r\n\r\n");
    int turns_of_others = 0;
    bool has_ended = false;
    std::function<void()> other = [&] {
        ++turns_of_others;
        if (!has_ended) {
            asio::post(loop, other);
        }
    };
    asio::post(loop, other);
    run([](Exchange* exchange, bool* has_ended) -> asio::awaitable<void> {
        std::size_t length = 0;
        for (std::string piece = co_await read(*exchange); !piece.empty();
             piece = co_await read(*exchange)) {
            length += piece.size();
        }
        EXPECT_EQ(length, 10'000U);
        *has_ended = true;
    }(&exchange, &has_ended));
    EXPECT_GE(turns_of_others, 20);
}

}  // namespace
}  // namespace sluice::http
