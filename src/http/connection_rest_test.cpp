#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "http/connection_testing.hpp"
#include "http/pace.hpp"

namespace sluice::http {
namespace {

// Patient with a body that is wanted.
class RefusedBodyTest : public ConnectionTest {
  protected:
    RefusedBodyTest()
        : ConnectionTest(
              {.body = 60s, .linger = 200ms, .linger_bytes_min = 1'000, .linger_whole = 3s}
          ) {}
    static constexpr int patient = 500;
    // The pieces, one in 20 ms, of a client that goes on as long as its connection is there.
    static int pieces_taken(Client& client, std::string_view piece) {
        int count = 0;
        while (count < patient && client.send(piece)) {
            std::this_thread::sleep_for(20ms);
            ++count;
        }
        return count;
    }
};

TEST_F(RefusedBodyTest, IsNotWaitedForInSilence) {
    auto client = connect();
    client.send("POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
    EXPECT_TRUE(has_status(client.answer(), 204));
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(client.rest(), "");
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
}

TEST_F(RefusedBodyTest, DoesNotHoldItsConnectionByTrickling) {
    const auto with_length = [](std::string_view path, std::string_view length) {
        return "POST " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(length) +
               "\r\n\r\n";
    };
    const std::string chunked = with_length("/refuse", "Transfer-Encoding: chunked");
    const std::pair<std::string, std::string_view> cases[] = {
        {with_length("/refuse", "Content-Length: 100000"), "x"},  // would be kept
        {with_length("/refuse", "Content-Length: 900000"), "x"},  // is to be closed
        {chunked, "1\r\nx\r\n"},
        {chunked + "1;", "x"},
    };
    for (const auto& [head, piece] : cases) {
        auto client = connect();
        client.send(head);
        EXPECT_TRUE(has_status(client.answer(), 403));
        EXPECT_LT(pieces_taken(client, piece), 100) << head << piece;
    }
}

TEST_F(RefusedBodyTest, OfAClientThatGoesOnSendingDoesNotLoseItsAnswer) {
    auto client = connect();
    client.send("POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n");
    for (int i = 0; i < 50; ++i) {  // longer than a silence may be
        std::this_thread::sleep_for(20ms);
        ASSERT_TRUE(client.send(std::string(40'000, 'b'))) << i;
    }
    EXPECT_TRUE(has_status(client.answer(), 403));
    client.end_sending();
    client.rest();
    EXPECT_FALSE(client.was_reset());
}

TEST_F(RefusedBodyTest, KeepsTheConnectionOfWhoGoesOnSending) {
    auto client = connect();
    client.send("POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    for (int i = 0; i < 50; ++i) {
        std::this_thread::sleep_for(20ms);
        ASSERT_TRUE(client.send(std::string(2'000, 'b'))) << i;
    }
    EXPECT_TRUE(has_status(client.answer(), 403));
    client.send(get("/facts"));
    EXPECT_TRUE(has_status(client.answer(), 200));
}

TEST_F(RefusedBodyTest, IsNotReadForEver) {
    auto client = connect();
    client.send("POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 90000000\r\n\r\n");
    EXPECT_TRUE(has_status(client.answer(), 403));
    EXPECT_LT(pieces_taken(client, std::string(10'000, 'b')), 300);
}

// On a place of the last resort, or while the server stops: whoever goes on sending has no more time for it.
TEST(Lingering, IsOneSpanWhereItIsBrief) {
    ConnectionLimits limits;
    limits.linger = 20ms;
    Lingering usual(limits, 0, false);
    Lingering brief(limits, 0, true);
    EXPECT_GT(brief.time_left(0), 0ms);
    std::this_thread::sleep_for(25ms);
    EXPECT_GT(usual.time_left(limits.linger_bytes_min), 0ms);
    EXPECT_EQ(brief.time_left(limits.linger_bytes_min), 0ms);
}

}  // namespace
}  // namespace sluice::http
