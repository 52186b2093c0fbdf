#include "store/s3/test_object_store.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>

#include "base/assert.hpp"

namespace sluice {
namespace {

const SystemClock system_clock_of_tests;

int free_port() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    SLUICE_ASSERT(::bind(listener, raw, length) == 0);
    SLUICE_ASSERT(::getsockname(listener, raw, &length) == 0);
    ::close(listener);
    return ntohs(address.sin_port);
}

}  // namespace

TestObjectStore& TestObjectStore::shared() {
    static TestObjectStore store;
    return store;
}

TestObjectStore::TestObjectStore() : port_(free_port()) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    SLUICE_ASSERT(::pipe(in.data()) == 0 && ::pipe(out.data()) == 0);
    const std::string port = std::to_string(port_);
    const std::string monitor_port = std::to_string(free_port());
    const std::string data = folder_.path("ceph");
    rig_ = ::fork();
    SLUICE_ASSERT(rig_ >= 0);
    if (rig_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);
        ::dup2(in[0], STDIN_FILENO);
        ::dup2(out[1], STDOUT_FILENO);
        for (const int file : {in[0], in[1], out[0], out[1]}) {
            ::close(file);
        }
        ::execl(
            SLUICE_OBJECT_STORE_RIG,
            "object_store.sh",
            data.c_str(),
            port.c_str(),
            monitor_port.c_str(),
            nullptr
        );
        ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    input_ = in[1];
    std::array<char, 6> ready{};
    SLUICE_ASSERT(::read(out[0], ready.data(), ready.size()) == 6);
    ::close(out[0]);
    ::setenv("AWS_ACCESS_KEY_ID", "sluicekey", 1);
    ::setenv("AWS_SECRET_ACCESS_KEY", "sluicesecret", 1);
}

TestObjectStore::~TestObjectStore() {
    ::close(input_);
    int status = 0;
    ::waitpid(rig_, &status, 0);
}

std::string TestObjectStore::endpoint() const {
    return "http://127.0.0.1:" + std::to_string(port_);
}

std::string TestObjectStore::make_url() {
    return "s3://media/test" + std::to_string(++prefixes_) + "?endpoint=" + endpoint();
}

std::unique_ptr<S3BlobStore> open_s3(const std::string& url, const std::string& scratch) {
    auto location = s3::parse_location(url);
    SLUICE_ASSERT(location.has_value());
    auto store = S3BlobStore::open(
        *std::move(location),
        system_clock_of_tests,
        {.scratch = scratch, .piece = {5 << 20}, .memory = {1 << 20}, .client = {}}
    );
    EXPECT_TRUE(store) << store.error().facts;
    return store ? *std::move(store) : nullptr;
}

}  // namespace sluice
