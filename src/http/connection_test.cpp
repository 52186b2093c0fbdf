#include "http/connection.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "http/connection_testing.hpp"

namespace sluice::http {
namespace {

TEST_F(ConnectionTest, KeepsAliveAndAnswersInOrder) {
    auto client = connect();
    for (int i = 0; i < 3; ++i) {
        client.send(post("/echo", "body " + std::to_string(i)));
        const auto answer = client.answer();
        EXPECT_TRUE(has_status(answer, 200));
        EXPECT_TRUE(answer.ends_with("\r\n\r\nbody " + std::to_string(i)));
    }
    client.send(post("/echo", "last", "Connection: close\r\n"));
    EXPECT_TRUE(client.answer().contains("Connection: close\r\n"));
    EXPECT_EQ(client.rest(), "");
}

TEST_F(ConnectionTest, ServesPipelinedRequests) {
    auto client = connect();
    const std::string chunked =
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n";
    client.send(
        post("/echo", "one") + chunked + get("/nothing") + post("/refuse", "unread") +
        post("/echo", "five")
    );
    EXPECT_TRUE(client.answer().ends_with("\r\n\r\none"));
    EXPECT_TRUE(client.answer().ends_with("\r\n\r\ntwo"));
    EXPECT_TRUE(has_status(client.answer(), 204));
    EXPECT_TRUE(has_status(client.answer(), 403));
    EXPECT_TRUE(client.answer().ends_with("\r\n\r\nfive"));
}

TEST_F(ConnectionTest, ServesRequestsThatComeByteByByte) {
    auto client = connect();
    for (const char c : post("/echo", "slow") +
                            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n") {
        client.send(std::string_view(&c, 1));
    }
    EXPECT_TRUE(client.answer().ends_with("\r\n\r\nslow"));
    EXPECT_TRUE(client.answer().ends_with("\r\n\r\nhello!"));
}

TEST_F(ConnectionTest, ReadsLongBodiesOfBothFramings) {
    std::string body;
    for (int i = 0; i < 100'000; ++i) {
        body += std::to_string(i);
    }
    auto client = connect();
    client.send(post("/echo", body));
    EXPECT_TRUE(client.answer().ends_with("\r\n\r\n" + body));
    std::string chunked = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (std::size_t at = 0, size = 1; at < body.size(); at += size, size = size * 3 % 10'007) {
        const auto chunk = body.substr(at, size);
        char digits[20];
        std::snprintf(digits, sizeof digits, "%zx\r\n", chunk.size());
        chunked += digits + chunk + "\r\n";
    }
    client.send(chunked + "0\r\n\r\n" + get("/nothing"));
    EXPECT_TRUE(client.answer().ends_with("\r\n\r\n" + body));
    EXPECT_TRUE(has_status(client.answer(), 204));
}

TEST_F(ConnectionTest, ServesHttp10) {
    auto client = connect();
    client.send("GET /facts HTTP/1.0\r\n\r\n");
    const auto answer = client.answer();
    EXPECT_TRUE(has_status(answer, 200));
    EXPECT_TRUE(answer.contains("http://127.0.0.1:" + std::to_string(port_) + " 127.0.0.1 req_"));
    EXPECT_EQ(client.rest(), "");
    auto staying = connect();
    staying.send("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_TRUE(staying.answer().contains("Connection: keep-alive\r\n"));
    staying.send(get("/nothing"));
    EXPECT_TRUE(has_status(staying.answer(), 204));
}

TEST_F(ConnectionTest, AnswersHeadWithoutABody) {
    auto client = connect();
    client.send("HEAD /source HTTP/1.1\r\nHost: a\r\n\r\n" + get("/nothing"));
    EXPECT_TRUE(client.answer(false).contains("Content-Length: 1000000\r\n"));
    EXPECT_TRUE(has_status(client.answer(), 204));
}

TEST_F(ConnectionTest, SendsContinueOnlyWhenTheBodyIsWanted) {
    auto client = connect();
    const std::string head =
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
    client.send(head);
    EXPECT_EQ(client.answer(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("body");
    EXPECT_TRUE(client.answer().ends_with("\r\n\r\nbody"));
    // Sent at once, so nobody waits for it.
    client.send(head + "next");
    EXPECT_TRUE(has_status(client.answer(), 200));
    client.send(
        "POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    );
    const auto refused = client.answer();
    EXPECT_TRUE(has_status(refused, 403));
    EXPECT_TRUE(refused.contains("Connection: close\r\n"));
    EXPECT_EQ(client.rest(), "");
}

TEST_F(ConnectionTest, RefusesBrokenHeadsAndCloses) {
    EXPECT_TRUE(has_status(once("nonsense\r\n\r\n"), 400));
    EXPECT_TRUE(has_status(once("GET / HTTP/3.0\r\n\r\n"), 505));
    EXPECT_TRUE(has_status(once(get("/", "Expect: much\r\n")), 417));
    EXPECT_TRUE(has_status(once(get("/", "Transfer-Encoding: gzip\r\n")), 501));
    auto client = connect();
    client.send(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc" +
        get("/echo")
    );
    client.end_sending();
    const auto all = client.rest();
    EXPECT_TRUE(has_status(all, 400));
    EXPECT_EQ(all.find("HTTP/1.1 ", 1), std::string::npos) << "one answer only";
}

TEST_F(ConnectionTest, LetsTheClientReadTheRefusalOfAHeaderOf1Mib) {
    auto client = connect();
    client.send(get("/", "A: " + std::string(1 << 20, 'a') + "\r\n"));
    EXPECT_TRUE(has_status(client.answer(), 431));
    client.end_sending();
    client.rest();
    EXPECT_FALSE(client.was_reset());
}

TEST_F(ConnectionTest, LetsTheClientReadARefusalWhileItStillSends) {
    auto client = connect();
    EXPECT_TRUE(client.send(post("/refuse", std::string(5 << 20, 'b'))));
    const auto answer = client.answer();
    EXPECT_TRUE(has_status(answer, 403));
    EXPECT_TRUE(answer.contains("Connection: close\r\n"));
    client.end_sending();
    client.rest();
    EXPECT_FALSE(client.was_reset());
}

// Some clients send a CRLF behind a body; closed with that unread, the connection would be reset, and the answer with it.
TEST_F(ConnectionTest, LetsTheClientReadTheLastAnswerWhateverLiesBehindItsRequest) {
    const std::string many(100'000, 'b');
    for (const auto& request :
         {post("/echo", many, "Connection: close\r\n") + "\r\n",
          get("/facts", "Connection: close\r\n") + many}) {
        auto client = connect();
        client.send(request);
        EXPECT_TRUE(has_status(client.answer(), 200));
        client.end_sending();
        EXPECT_EQ(client.rest(), "");
        EXPECT_FALSE(client.was_reset());
    }
}

TEST_F(ConnectionTest, DrainsASmallUnreadBodyAndGoesOn) {
    auto client = connect();
    client.send(post("/refuse", std::string(200'000, 'b')));
    EXPECT_TRUE(has_status(client.answer(), 403));
    client.send(post("/echo", "still here"));
    EXPECT_TRUE(client.answer().ends_with("still here"));
}

TEST_F(ConnectionTest, SaysHowMuchOfACutBodyCame) {
    auto client = connect();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    client.end_sending();
    const auto answer = client.rest();
    EXPECT_TRUE(has_status(answer, 400));
    EXPECT_TRUE(answer.contains(
        "body_truncated: The connection ended after 3 bytes of the body, expected 10."
    ));
    auto chunked = connect();
    chunked.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc");
    chunked.end_sending();
    EXPECT_TRUE(chunked.rest().contains("body_truncated: "));
}

TEST_F(ConnectionTest, ClosesAfterBrokenChunks) {
    auto client = connect();
    client.send(
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
        "chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n"
    );
    const auto answer = client.rest();
    EXPECT_TRUE(has_status(answer, 400));
    EXPECT_TRUE(answer.contains("Connection: close\r\n"));
}

TEST_F(ConnectionTest, AnswersForAHandlerThatThrows) {
    const auto answer = once(get("/throw"));
    EXPECT_TRUE(has_status(answer, 500));
    EXPECT_FALSE(answer.contains("on purpose"));
}

TEST_F(ConnectionTest, EchoesAValidRequestIdAndReplacesOthers) {
    EXPECT_TRUE(once(get("/facts", "X-Request-Id: abc.DEF_1-2\r\n"))
                    .contains("X-Request-Id: abc.DEF_1-2\r\n"));
    EXPECT_TRUE(once(get("/facts", "X-Request-Id: a b\r\n")).contains("X-Request-Id: req_"));
    EXPECT_TRUE(once(get("/facts", "X-Request-Id: " + std::string(129, 'a') + "\r\n"))
                    .contains("X-Request-Id: req_"));
    EXPECT_TRUE(once(get("/facts")).contains("http://sluice.test 127.0.0.1 req_"));
}

TEST_F(ConnectionTest, StreamsABodyFromASource) {
    auto client = connect();
    client.send(get("/source") + get("/nothing"));
    EXPECT_TRUE(client.answer().ends_with("\r\n\r\n" + std::string(1'000'000, 's')));
    EXPECT_TRUE(has_status(client.answer(), 204));
    client.send(get("/broken_source"));
    EXPECT_LT(client.rest().size(), 1'000'000u);
}

TEST_F(ConnectionTest, RefusesInPlaceOfABodyThatCannotBeBegun) {
    auto client = connect();
    client.send(get("/dead_source"));
    const auto answer = client.answer();
    EXPECT_TRUE(has_status(answer, 500)) << answer;
    EXPECT_TRUE(answer.contains("storage_failed")) << answer;
    EXPECT_TRUE(answer.contains("Access-Control-Allow-Origin: *\r\n")) << answer;
    EXPECT_EQ(client.rest(), "");
    const auto text = counted("sluice_errors_total{code=\"storage_failed\"} 1");
    EXPECT_TRUE(text.contains(
        "sluice_http_requests_total{protocol=\"test\",route=\"path\",method=\"GET\",code=\"500\"} 1"
    )) << text;
}

TEST_F(ConnectionTest, RefusesAHeadThatAsksForNoBodyWithout) {
    for (const std::string rest : {" / HTTP/3.0\r\n\r\n", " / HTTP/1.1\r\n\r\n"}) {
        auto whole = connect();
        whole.send("GET" + rest);
        const auto with_body = whole.rest();
        auto alone = connect();
        alone.send("HEAD" + rest);
        const auto head = alone.rest();
        EXPECT_TRUE(head.starts_with(with_body.substr(0, with_body.find("\r\n") + 2))) << head;
        const auto end = with_body.find("\r\n\r\n") + 4;
        EXPECT_GT(with_body.size(), end);
        EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
        EXPECT_TRUE(
            head.contains("\r\nContent-Length: " + std::to_string(with_body.size() - end) + "\r\n")
        ) << head;
    }
}

// What the socket takes at once is less than half of it.
TEST_F(ConnectionTest, SendsTheRestOfABodyThatTheSocketDoesNotTakeAtOnce) {
    auto client = connect();
    client.send(get("/long_body") + get("/nothing"));
    std::this_thread::sleep_for(200ms);
    const auto answer = client.answer();
    const auto body = answer.substr(answer.find("\r\n\r\n") + 4);
    ASSERT_EQ(body.size(), TestHandler::long_length);
    for (std::size_t i = 0; i < body.size(); ++i) {
        ASSERT_EQ(std::byte(body[i]), RepeatedByte::at(i)) << i;
    }
    EXPECT_TRUE(has_status(client.answer(), 204));
}

TEST_F(ConnectionTest, HoldsNoPieceForASlowReaderAndLosesNone) {
    std::string expected;
    for (std::uint64_t at = 0; at < TestHandler::long_length; ++at) {
        expected += static_cast<char>(RepeatedByte::at(at));
    }
    auto client = connect();
    client.send(get("/long_source") + get("/nothing"));
    for (int i = 0; i < 400 && handler_.unread == 0; ++i) {
        std::this_thread::sleep_for(10ms);
    }
    EXPECT_EQ(handler_.unread, 1);
    EXPECT_TRUE(client.answer().ends_with("\r\n\r\n" + expected));
    EXPECT_TRUE(has_status(client.answer(), 204));
}

TEST_F(ConnectionTest, CountsByRouteAndKnownMethod) {
    once(post("/echo", "abc"));
    once("NONSENSE /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    once("GET / HTTP/3.0\r\n\r\n");
    counted("sluice_errors_total{code=\"http_version_unsupported\"} 1");
    // Of another connection, whose loop may count it later.
    const auto text =
        counted("sluice_http_requests_total{protocol=\"test\",route=\"path\",method=\"other\"");
    EXPECT_TRUE(
        text.contains("sluice_http_requests_total{protocol=\"test\",route=\"path\",method=\"POST\","
                      "code=\"200\"} 1")
    ) << text;
    EXPECT_TRUE(
        text.contains("sluice_http_requests_total{protocol=\"test\",route=\"path\",method="
                      "\"other\",code=\"200\"} 1")
    ) << text;
    EXPECT_TRUE(text.contains("sluice_errors_total{code=\"http_version_unsupported\"} 1")) << text;
    EXPECT_FALSE(text.contains("NONSENSE"));
}

TEST_F(ConnectionTest, RefusesAPortThatIsTaken) {
    EXPECT_FALSE(listener_.listen("127.0.0.1", port_).has_value());
}

TEST_F(ConnectionTest, ListensOnNamesAndIpv6) {
    EXPECT_TRUE(listener_.listen("localhost", 0).has_value());
    EXPECT_TRUE(listener_.listen("[::1]", 0).has_value());
    EXPECT_FALSE(listener_.listen("no.such.host.invalid", 0).has_value());
}

TEST_F(ConnectionTest, ClosesIdleConnectionsAndTheDoorWhenItDrains) {
    auto idle = connect();
    idle.send(get("/nothing"));
    EXPECT_TRUE(has_status(idle.answer(), 204));
    listener_.drain();
    EXPECT_EQ(idle.rest(), "");
    EXPECT_TRUE(listener_.drained(10s));
    EXPECT_THROW(connect(), std::runtime_error);
}

TEST_F(ConnectionTest, FinishesARequestWhileItDrains) {
    auto busy = connect();
    busy.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo");
    std::this_thread::sleep_for(50ms);
    listener_.drain();
    busy.send("dy");
    const auto answer = busy.answer();
    EXPECT_TRUE(answer.ends_with("\r\n\r\nbody"));
    EXPECT_TRUE(answer.contains("Connection: close\r\n"));
    EXPECT_TRUE(listener_.drained(10s));
}

TEST_F(ConnectionTest, AnswersWhatHasComeWhenItDrains) {
    auto kept = connect();
    kept.send(get("/nothing"));
    EXPECT_TRUE(has_status(kept.answer(), 204));
    auto fresh = connect();
    EXPECT_TRUE(fresh.is_silent_for(50ms));
    kept.send(get("/facts"));
    fresh.send(get("/facts"));
    listener_.drain();
    for (Client* client : {&kept, &fresh}) {
        const auto answer = client->answer();
        EXPECT_TRUE(has_status(answer, 200)) << answer;
    }
    EXPECT_TRUE(listener_.drained(10s));
}

TEST(Listener, AnswersWhomTheSystemHasLetInBeforeItDrains) {
    TestHandler handler;
    Metrics metrics;
    const SystemClock clock;
    runtime::EventLoops loops{2};
    Listener listener(loops, handler, metrics, clock);
    const auto port = listener.listen("127.0.0.1", 0).value();
    std::vector<Client> clients;
    for (int i = 0; i < 40; ++i) {
        clients.emplace_back(port).send(get("/facts"));
    }
    listener.drain();
    loops.start();
    for (auto& client : clients) {
        const auto answer = client.answer();
        EXPECT_TRUE(has_status(answer, 200)) << answer;
        EXPECT_TRUE(answer.contains("Connection: close\r\n")) << answer;
    }
    EXPECT_TRUE(listener.drained(10s));
}

class ImpatientConnectionTest : public ConnectionTest {
  protected:
    ImpatientConnectionTest()
        : ConnectionTest(
              {.head = 100ms, .idle = 200ms, .body = 100ms, .write = 200ms, .linger = 100ms}
          ) {}
};

TEST_F(ImpatientConnectionTest, EndsASlowHeadThatKeepsMoving) {
    auto client = connect();
    client.send("GET / HTTP/1.1\r\n");
    for (int i = 0; i < 20 && client.is_silent_for(20ms); ++i) {
        client.send("A: b\r\n");
    }
    EXPECT_TRUE(has_status(client.answer(), 408));
}

TEST_F(ImpatientConnectionTest, ClosesAnIdleConnectionWithoutAWord) {
    auto client = connect();
    EXPECT_TRUE(client.is_silent_for(100ms));
    EXPECT_EQ(client.rest(), "");
}

TEST_F(ImpatientConnectionTest, EndsASilentBodyButNotASlowOne) {
    auto client = connect();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
    for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(client.is_silent_for(50ms));
        client.send("x");
    }
    const auto answer = client.answer();
    EXPECT_TRUE(has_status(answer, 408)) << answer;
    EXPECT_TRUE(answer.contains("5 had come"));
}

TEST_F(ImpatientConnectionTest, EndsAClientThatReadsNothing) {
    auto client = connect();
    for (int i = 0; i < 20; ++i) {
        client.send(get("/source"));
    }
    std::this_thread::sleep_for(600ms);
    EXPECT_LT(client.rest().size(), 20'000'000u);
}

TEST_F(ImpatientConnectionTest, CancelsWhatDoesNotEndInTheGraceTime) {
    auto client = connect();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx");
    std::this_thread::sleep_for(20ms);
    listener_.drain();
    EXPECT_FALSE(listener_.drained(1ms));
    EXPECT_EQ(client.rest(), "");
}

}  // namespace
}  // namespace sluice::http
