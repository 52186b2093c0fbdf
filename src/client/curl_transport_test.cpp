#include "client/curl_transport.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "base/unique_fd.hpp"

namespace sluice::client {
namespace {

// Accepts connections on loopback and answers each request on them with the same bytes; remembers
// what it got.
class SmallServer {
  public:
    explicit SmallServer(std::string answer) : answer_(std::move(answer)) {
        listener_ = UniqueFd(::socket(AF_INET, SOCK_STREAM, 0));
        auto address = sockaddr_in{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        socklen_t size = sizeof(address);
        EXPECT_EQ(::bind(listener_.get(), generic, size), 0);
        EXPECT_EQ(::listen(listener_.get(), 4), 0);
        ::getsockname(listener_.get(), generic, &size);
        url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
        thread_ = std::jthread([this] { serve(); });
    }
    ~SmallServer() { ::shutdown(listener_.get(), SHUT_RDWR); }

    const std::string& url() const { return url_; }
    // After the client is gone.
    const std::vector<std::string>& finish() {
        ::shutdown(listener_.get(), SHUT_RDWR);
        thread_.join();
        return requests_;
    }
    int connections = 0;

  private:
    void serve() {
        for (;;) {
            const auto peer = UniqueFd(::accept(listener_.get(), nullptr, nullptr));
            if (!peer) {
                return;
            }
            ++connections;
            while (serve_one(peer.get())) {
            }
        }
    }

    static std::size_t announced(const std::string& head) {
        const auto at = head.find("Content-Length: ");
        return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
    }

    bool serve_one(int peer) {
        std::string got;
        char piece[65536];
        for (;;) {
            const auto end = got.find("\r\n\r\n");
            if (end != std::string::npos && got.size() >= end + 4 + announced(got.substr(0, end))) {
                break;
            }
            const auto count = ::recv(peer, piece, sizeof(piece), 0);
            if (count <= 0) {
                return false;
            }
            got.append(piece, static_cast<std::size_t>(count));
        }
        requests_.push_back(got);
        return ::send(peer, answer_.data(), answer_.size(), MSG_NOSIGNAL) > 0;
    }

    std::string answer_;
    UniqueFd listener_;
    std::string url_;
    std::vector<std::string> requests_;
    std::jthread thread_;
};

constexpr auto good_answer =
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Request-Id: req_9\r\n\r\nok";

TEST(CurlTransport, StreamsASliceOfAFileBetweenTheTextsOfABody) {
    auto* file = std::tmpfile();
    const auto content = std::string(3'000'000, 'x') + "0123456789" + std::string(500, 'y');
    ASSERT_EQ(std::fwrite(content.data(), 1, content.size(), file), content.size());
    std::fflush(file);
    const StopFlag stop = false;
    auto server = SmallServer(good_answer);
    {
        CurlTransport transport;
        const auto request = HttpRequest{
            .method = "POST",
            .url = server.url() + "/a?b=c",
            .headers = {{"Content-Type", "text/x"}},
            .body = "head<",
            .slice = FileSlice{.fd = ::fileno(file), .offset = 1'000'000, .length = 2'000'010},
            .body_end = ">tail"
        };
        const auto answer = transport.exchange(request, stop);
        ASSERT_TRUE(answer) << answer.error().text;
        EXPECT_EQ(answer->status, 200);
        EXPECT_EQ(answer->body, "ok");
        EXPECT_EQ(answer->request_id, "req_9");
    }
    const auto& seen = server.finish();
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_TRUE(seen[0].starts_with("POST /a?b=c HTTP/1.1\r\n"));
    EXPECT_NE(seen[0].find("Content-Type: text/x\r\n"), std::string::npos);
    const auto body = seen[0].substr(seen[0].find("\r\n\r\n") + 4);
    EXPECT_EQ(body, "head<" + content.substr(1'000'000, 2'000'010) + ">tail");
    std::fclose(file);
}

TEST(CurlTransport, UsesAConnectionAgainAndForgetsTheRequestBefore) {
    const StopFlag stop = false;
    auto server = SmallServer(good_answer);
    {
        CurlTransport transport;
        const auto post = HttpRequest{.method = "POST", .url = server.url() + "/1", .body = "b"};
        ASSERT_TRUE(transport.exchange(post, stop));
        ASSERT_TRUE(transport.exchange({.url = server.url() + "/2"}, stop));
        const auto empty = HttpRequest{.method = "POST", .url = server.url() + "/3"};
        ASSERT_TRUE(transport.exchange(empty, stop));
        ASSERT_TRUE(transport.exchange({.method = "DELETE", .url = server.url() + "/4"}, stop));
    }
    const auto& seen = server.finish();
    ASSERT_EQ(seen.size(), 4U);
    EXPECT_EQ(server.connections, 1);
    EXPECT_TRUE(seen[1].starts_with("GET /2 HTTP/1.1"));
    EXPECT_NE(seen[2].find("Content-Length: 0\r\n"), std::string::npos);
    EXPECT_TRUE(seen[3].starts_with("DELETE /4 HTTP/1.1"));
}

TEST(CurlTransport, ReadsTheErrorCodeAndRetryAfter) {
    const StopFlag stop = false;
    auto server = SmallServer(
        "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: 4\r\nSluice-Error: "
        "overloaded\r\n\r\n"
    );
    {
        CurlTransport transport;
        const auto answer = transport.exchange({.url = server.url() + "/"}, stop);
        ASSERT_TRUE(answer) << answer.error().text;
        EXPECT_EQ(answer->status, 503);
        EXPECT_EQ(answer->error_code, "overloaded");
        EXPECT_EQ(answer->retry_after, std::chrono::seconds(4));
    }
    server.finish();
}

TEST(CurlTransport, ReadsHowMuchOneAppendMayBring) {
    const struct {
        std::string field;
        std::optional<std::uint64_t> most;
    } rows[] = {
        {"Upload-Limit: max-size=9, max-append-size=500;x=1, max-age=3", 500},
        {"upload-limit: max-append-size=7", 7},
        {"Upload-Limit: max-size=9, x-max-append-size=500", std::nullopt},
        {"Upload-Limit: max-append-size=many", std::nullopt},
        {"Upload-Limit: max-append-size", std::nullopt},
    };
    for (const auto& row : rows) {
        const StopFlag stop = false;
        auto server =
            SmallServer("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n" + row.field + "\r\n\r\n");
        {
            CurlTransport transport;
            const auto answer = transport.exchange({.url = server.url() + "/"}, stop);
            ASSERT_TRUE(answer) << answer.error().text;
            EXPECT_EQ(answer->append_bytes_max, row.most) << row.field;
        }
        server.finish();
    }
}

TEST(CurlTransport, SaysThatNobodyListens) {
    const StopFlag stop = false;
    CurlTransport transport;
    EXPECT_FALSE(transport.exchange({.url = "http://127.0.0.1:1/"}, stop));
}

}  // namespace
}  // namespace sluice::client
