#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "http/connection_testing.hpp"

namespace sluice::http {
namespace {

class CrowdedConnectionTest : public ConnectionTest {
  protected:
    CrowdedConnectionTest()
        : ConnectionTest(
              {.body = 10s,
               .progress_span = 100ms,
               .progress_bytes = 20,
               .last_resort = 100ms,
               .connections_max = 8}
          ) {}
    // A client in mid-body, so not idle.
    Client busy() const {
        auto client = connect();
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
        EXPECT_TRUE(client.is_silent_for(10ms));
        return client;
    }
};

TEST_F(CrowdedConnectionTest, LetsASlowBodyBeWhileThereIsRoom) {
    auto client = busy();
    for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(client.is_silent_for(30ms));
        client.send("x");
    }
    EXPECT_TRUE(has_status(client.answer(), 200));
}

TEST_F(CrowdedConnectionTest, EndsABodyWithoutProgressWhenThereIsLittleRoom) {
    std::vector<Client> others;
    for (int i = 0; i < 4; ++i) {
        others.push_back(busy());
    }
    auto client = busy();
    for (int i = 0; i < 9 && client.is_silent_for(30ms); ++i) {
        client.send("x");
    }
    const auto answer = client.answer();
    EXPECT_TRUE(has_status(answer, 408)) << answer;
    EXPECT_TRUE(answer.contains("at least 20 were expected")) << answer;
}

TEST_F(CrowdedConnectionTest, EndsAFramingWithoutProgressWhenThereIsLittleRoom) {
    std::vector<Client> others;
    for (int i = 0; i < 4; ++i) {
        others.push_back(busy());
    }
    auto client = connect();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;");
    for (int i = 0; i < 30 && client.is_silent_for(30ms); ++i) {
        client.send("x");
    }
    client.send("\r\na\r\n0\r\n\r\n");
    const auto answer = client.answer();
    EXPECT_TRUE(has_status(answer, 408)) << answer;
}

TEST_F(CrowdedConnectionTest, ClosesTheLongestIdleForANewOne) {
    std::vector<Client> idle;
    for (int i = 0; i < 20; ++i) {
        idle.push_back(connect());
        idle.back().send(get("/facts"));
        EXPECT_TRUE(has_status(idle.back().answer(), 200));
    }
    EXPECT_EQ(idle.front().rest(), "");
    idle.back().send(get("/facts"));
    EXPECT_TRUE(has_status(idle.back().answer(), 200));
}

class CrowdOfReadersTest : public ConnectionTest {
  protected:
    CrowdOfReadersTest()
        : ConnectionTest(
              {.body = 10s,
               .progress_span = 200ms,
               .progress_bytes = TestHandler::long_length,
               .connections_max = 8}
          ) {}
    // Of the long answer, by a client that pauses when it has begun.
    std::size_t bytes_read(std::string_view path) const {
        auto client = connect();
        client.send(get(path, "Connection: close\r\n"));
        EXPECT_FALSE(client.is_silent_for(10s));
        std::this_thread::sleep_for(600ms);
        return client.rest().size();
    }
};

TEST_F(CrowdOfReadersTest, LetsASlowReaderBeWhileThereIsRoom) {
    EXPECT_GT(bytes_read("/long_source"), TestHandler::long_length);
    EXPECT_GT(bytes_read("/long_body"), TestHandler::long_length);
}

TEST_F(CrowdOfReadersTest, EndsASlowReaderWhenThereIsLittleRoom) {
    std::vector<Client> others;
    for (int i = 0; i < 4; ++i) {
        others.push_back(connect());
        others.back().send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
        EXPECT_TRUE(others.back().is_silent_for(10ms));
    }
    EXPECT_LT(bytes_read("/long_source"), TestHandler::long_length);
    EXPECT_LT(bytes_read("/long_body"), TestHandler::long_length);
}

// Nobody loses a place because it is slow.
class FullHouseTest : public ConnectionTest {
  protected:
    explicit FullHouseTest(std::chrono::milliseconds last_resort = 10s)
        : ConnectionTest({.last_resort = last_resort, .connections_max = 8}) {
        for (int i = 0; i < 7; ++i) {
            others_.push_back(connect());
            others_.back().send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
            EXPECT_TRUE(others_.back().is_silent_for(10ms));
        }
    }
    void expect_others_are_served() {
        for (auto& other : others_) {
            EXPECT_TRUE(other.is_silent_for(0ms));
            other.send("0123456789");
            EXPECT_TRUE(has_status(other.answer(), 200));
        }
    }

    std::vector<Client> others_;
};

TEST_F(FullHouseTest, OnlyAsksOnItsLastConnection) {
    auto asks = connect();
    asks.send(get("/facts"));
    EXPECT_TRUE(has_status(asks.answer(), 200));
    EXPECT_EQ(asks.rest(), "");
    auto sends = connect();
    sends.send(post("/echo", "body"));
    const auto answer = sends.answer();
    EXPECT_TRUE(has_status(answer, 503)) << answer;
    EXPECT_EQ(sends.rest(), "");
    expect_others_are_served();
}

class HastyHouseTest : public FullHouseTest {
  protected:
    HastyHouseTest() : FullHouseTest(100ms) {}
};

TEST_F(HastyHouseTest, GivesItsLastConnectionLittleTime) {
    EXPECT_EQ(connect().rest(), "");
    expect_others_are_served();
}

TEST_F(FullHouseTest, TellsWhoComesThenThatThereIsNoPlace) {
    auto last = connect();
    last.send("GET /facts");
    EXPECT_TRUE(last.is_silent_for(10ms));
    auto calls = connect();
    calls.send(post("/echo", "body"));
    auto answer = calls.answer();
    EXPECT_TRUE(has_status(answer, 503)) << answer;
    EXPECT_TRUE(answer.contains("all are in use")) << answer;
    EXPECT_EQ(calls.rest(), "");
    EXPECT_FALSE(calls.was_reset());
    // Also one that has said nothing yet.
    answer = connect().rest();
    EXPECT_TRUE(has_status(answer, 503)) << answer;
    expect_others_are_served();
}

TEST_F(FullHouseTest, TellsManyAtOnce) {
    auto last = connect();
    last.send("GET /facts");
    EXPECT_TRUE(last.is_silent_for(100ms));  // seated: two loops accept, each at its time
    std::vector<Client> many;
    for (int i = 0; i < 300; ++i) {
        many.push_back(connect());
    }
    for (auto& client : many) {
        const auto answer = client.rest();
        EXPECT_TRUE(has_status(answer, 503)) << answer;
    }
    expect_others_are_served();
}

TEST_F(ConnectionTest, ReadsLongHeadsOfSomeConnectionsAtOnce) {
    const std::string begun =
        "GET /facts HTTP/1.1\r\nHost: a\r\nUpload-Concat: final;" + std::string(30'000, 'u');
    std::vector<Client> others;
    for (int i = 0; i < 256; ++i) {
        others.push_back(connect());
        others.back().send(begun);
    }
    EXPECT_TRUE(others.back().is_silent_for(100ms));
    const auto answer = once(begun);
    EXPECT_TRUE(has_status(answer, 503)) << answer;
    EXPECT_TRUE(answer.contains("256 long heads")) << answer;
    EXPECT_TRUE(has_status(once(get("/facts")), 200)) << "usual ones are not kept from coming";
    others.front().send("\r\n\r\n");
    EXPECT_TRUE(has_status(others.front().answer(), 200));
    // Its end is noted after its answer.
    bool is_read = false;
    for (int i = 0; i < 100 && !is_read; ++i) {
        is_read = has_status(once(begun + "\r\n\r\n"), 200);
        std::this_thread::sleep_for(is_read ? 0ms : 10ms);
    }
    EXPECT_TRUE(is_read) << "one has ended";
}

// What comes behind a usual head is none of it, however much comes with it.
TEST_F(ConnectionTest, ReadsUsualHeadsOfAnyNumberOfConnections) {
    const std::string begun =
        "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\nCookie: " +
        std::string(9'000, 'c') + "\r\n\r\n" + std::string(30'000, 'b');
    std::vector<Client> others;
    for (int i = 0; i < 257; ++i) {
        others.push_back(connect());
        others.back().send(begun);
    }
    EXPECT_TRUE(others.back().is_silent_for(300ms));
    const std::string list = "\r\nUpload-Concat: final;" + std::string(30'000, 'u');
    EXPECT_TRUE(has_status(once("GET /facts HTTP/1.1\r\nHost: a" + list + "\r\n\r\n"), 200));
    const auto answer =
        once("POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 3" + list + "\r\n\r\nabc");
    EXPECT_TRUE(has_status(answer, 431)) << "its place would be taken for as long as the body";
}

// A list that says nothing to the call gives its place back with each request.
TEST_F(ConnectionTest, KeepsNoPlaceOfALongHead) {
    const std::string list = "GET /facts HTTP/1.1\r\nHost: a\r\nUpload-Concat: final;" +
                             std::string(30'000, 'u') + "\r\n\r\n";
    std::vector<Client> kept;
    for (int i = 0; i < 300; ++i) {
        kept.push_back(connect());
        kept.back().send(list);
        ASSERT_TRUE(has_status(kept.back().answer(), 200)) << i;
    }
}

// It pauses then, and is told to stop in the pause.
TEST(Listener, AnswersWhomTheSystemHasLetInThoughThereIsNoFileForThem) {
    TestHandler handler;
    Metrics metrics;
    const SystemClock clock;
    runtime::EventLoops loops{1};
    Listener listener(loops, handler, metrics, clock);
    const auto port = listener.listen("127.0.0.1", 0).value();
    std::vector<Client> clients;
    for (int i = 0; i < 40; ++i) {
        clients.emplace_back(port).send(get("/facts"));
    }
    rlimit usual{};
    ::getrlimit(RLIMIT_NOFILE, &usual);
    const rlimit few{static_cast<rlim_t>(::dup(0)) + 1, usual.rlim_max};
    ::close(static_cast<int>(few.rlim_cur) - 1);  // for the spare one
    ::setrlimit(RLIMIT_NOFILE, &few);
    loops.start();
    std::this_thread::sleep_for(20ms);
    listener.drain();
    for (auto& client : clients) {
        const auto answer = client.answer();
        EXPECT_TRUE(has_status(answer, 503)) << answer;
    }
    ::setrlimit(RLIMIT_NOFILE, &usual);
    EXPECT_TRUE(listener.drained(10s));
}

}  // namespace
}  // namespace sluice::http
