#include "store/s3/credentials.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <latch>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "store/s3/test_variable.hpp"

namespace sluice::s3 {
namespace {

using namespace std::chrono_literals;

// A service of credentials that knows no role, and says so once all who ask are there. One connection
// for each question.
class Empty {
  public:
    explicit Empty(std::latch& all) : all_(all), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof(address);
        auto* raw = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(listener_, raw, length), 0);
        EXPECT_EQ(::listen(listener_, 64), 0);
        EXPECT_EQ(::getsockname(listener_, raw, &length), 0);
        url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
        thread_ = std::thread([this] { serve(); });
    }
    Empty(const Empty&) = delete;
    Empty& operator=(const Empty&) = delete;
    ~Empty() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }

    const std::string& url() const { return url_; }
    int asked() const { return asked_; }

  private:
    void serve() {
        constexpr std::string_view answer =
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        for (int peer = 0; (peer = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(peer)) {
            ++asked_;
            std::array<char, 4096> head{};
            EXPECT_GT(::recv(peer, head.data(), head.size(), 0), 0);
            all_.wait();
            std::this_thread::sleep_for(200ms);  // from "is about to ask" to "waits"
            EXPECT_GT(::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL), 0);
        }
    }

    std::latch& all_;
    int listener_;
    std::string url_;
    std::atomic<int> asked_ = 0;
    std::thread thread_;
};

// Each takes the time of a service that does not answer; one behind the other they took minutes.
TEST(Credentials, ThatCannotBeHadAreAskedForOnceByAllWhoWait) {
    constexpr int count = 8;
    std::latch all(count);
    const Empty service(all);
    const test::Variable no_key("AWS_ACCESS_KEY_ID", "");
    const test::Variable no_file("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    const test::Variable no_role("AWS_ROLE_ARN", "");
    const test::Variable instance("AWS_EC2_METADATA_SERVICE_ENDPOINT", service.url());
    const SystemClock clock;
    Transport transport;
    CredentialSource source(transport, clock, "", "us-east-1");
    std::atomic<int> refused = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < count; ++i) {
        threads.emplace_back([&] {
            all.count_down();
            const auto got = source.get();
            refused += !got && got.error().code == ErrorCode::storage_unavailable ? 1 : 0;
        });
    }
    threads.clear();
    EXPECT_EQ(refused, count);
    EXPECT_EQ(service.asked(), 1);
    EXPECT_FALSE(source.get());
    EXPECT_EQ(service.asked(), 2) << "what was said is not kept for who comes later";
}

}  // namespace
}  // namespace sluice::s3
