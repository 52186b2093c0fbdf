#include "store/s3/transport.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "store/s3/client.hpp"
#include "store/s3/test_variable.hpp"

namespace sluice::s3 {
namespace {

// A port of the loopback that nobody accepts at: the kernel takes `room` + 1 connections by itself.
class Deaf {
  public:
    explicit Deaf(int room) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof(address_);
        EXPECT_EQ(::bind(listener_, raw(), length), 0);
        EXPECT_EQ(::listen(listener_, room), 0);
        EXPECT_EQ(::getsockname(listener_, raw(), &length), 0);
    }
    Deaf(const Deaf&) = delete;
    Deaf& operator=(const Deaf&) = delete;
    ~Deaf() {
        ::close(listener_);
        for (const int caller : callers_) {
            ::close(caller);
        }
    }

    void fill(int count) {
        for (int i = 0; i < count; ++i) {
            callers_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
            ::connect(callers_.back(), raw(), sizeof(address_));
        }
    }
    int listener() const { return listener_; }
    std::string url() const {
        return "http://127.0.0.1:" + std::to_string(ntohs(address_.sin_port)) + "/";
    }

  private:
    sockaddr* raw() { return reinterpret_cast<sockaddr*>(&address_); }

    int listener_;
    sockaddr_in address_{};
    std::vector<int> callers_;
};

HttpReply reply_of(const std::string& url) {
    Transport transport(
        {.connect = std::chrono::milliseconds(300), .silence = std::chrono::seconds(1)}
    );
    return transport.perform(
        {.method = "PUT", .url = url, .headers = {}, .body = nullptr, .into = {}}
    );
}

TEST(S3Transport, WhoSaysNothingMayHaveHeard) {
    const Deaf store(8);
    const auto reply = reply_of(store.url());
    EXPECT_EQ(reply.status, 0);
    EXPECT_TRUE(reply.was_connected) << reply.failure;
}

TEST(S3Transport, WhatCanBeDoneWithoutIsWaitedForNoLongerThanItIsWorth) {
    const Deaf store(8);
    Transport transport({.silence = std::chrono::seconds(30)});
    const auto begun = std::chrono::steady_clock::now();
    const auto reply = transport.perform(
        {.method = "GET",
         .url = store.url(),
         .headers = {},
         .body = nullptr,
         .into = {},
         .patience = std::chrono::milliseconds(200)}
    );
    EXPECT_EQ(reply.status, 0);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
}

TEST(S3Transport, WhoCannotBeConnectedToInTimeHasHeardNothing) {
    Deaf store(0);
    store.fill(8);
    const auto reply = reply_of(store.url());
    EXPECT_EQ(reply.status, 0);
    EXPECT_FALSE(reply.was_connected) << reply.failure;
}

TEST(S3Transport, WhoRefusesAConnectionHasHeardNothing) {
    std::string url;
    {
        const Deaf gone(0);
        url = gone.url();
    }
    EXPECT_FALSE(reply_of(url).was_connected);
    EXPECT_FALSE(reply_of("http://name.invalid/").was_connected);
}

// Answers one request, and after the next one ends the connection without a word; then says 412.
void answer_first_and_last(int listener) {
    const auto take = [](int caller) {
        std::string all;
        std::array<char, 4096> bytes{};
        while (!all.ends_with("the body")) {
            const auto read = ::read(caller, bytes.data(), bytes.size());
            ASSERT_GT(read, 0);
            all.append(bytes.data(), static_cast<std::size_t>(read));
        }
    };
    const auto say = [](int caller, const std::string& status) {
        const std::string answer = "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n";
        EXPECT_EQ(::write(caller, answer.data(), answer.size()), std::ssize(answer));
    };
    const int kept = ::accept(listener, nullptr, nullptr);
    take(kept);
    say(kept, "200 OK");
    take(kept);
    ::close(kept);
    const int fresh = ::accept(listener, nullptr, nullptr);
    take(fresh);
    say(fresh, "412 Precondition Failed");
    ::close(fresh);
}

TEST(S3Transport, WhatIsSentAgainOnANewConnectionIsTold) {
    const Deaf store(8);
    std::jthread answering([&store] { answer_first_and_last(store.listener()); });
    Transport transport({}, 1);
    const TextBody body("the body");
    const HttpRequest request{
        .method = "PUT", .url = store.url(), .headers = {}, .body = &body, .into = {}
    };
    const auto first = transport.perform(request);
    EXPECT_EQ(first.status, 200);
    EXPECT_FALSE(first.was_sent_again);
    const auto second = transport.perform(request);
    EXPECT_EQ(second.status, 412) << second.failure;
    EXPECT_TRUE(second.was_sent_again);
}

TEST(CleaningUp, AsksNobodyForCredentials) {
    const Deaf metadata(1);
    const test::Variable no_key("AWS_ACCESS_KEY_ID", "");
    const test::Variable no_file("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    const test::Variable service("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url());
    const SystemClock clock;
    Client client(*parse_location("s3://media?endpoint=http://127.0.0.1:1"), clock);
    client.send_off({.method = "DELETE", .key = "x"});
    pollfd asked{.fd = metadata.listener(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&asked, 1, 0), 0) << "a destructor would wait for it";
}

}  // namespace
}  // namespace sluice::s3
