#include "server/foreign_origin.hpp"

#include <gtest/gtest.h>

namespace sluice::server {
namespace {

bool is_refused(const char* method, const char* origin, const char* credentials = nullptr) {
    http::Request request;
    request.method = method;
    request.headers.push_back({"Origin", origin});
    if (credentials != nullptr) {
        request.headers.push_back({"Authorization", credentials});
    }
    return foreign_origin(request).has_value();
}

TEST(ForeignOrigin, MayNotWriteWithoutCredentials) {
    for (const auto* origin :
         {"http://evil.example",
          "https://evil.example:8080",
          "null",
          "http://127.0.0.1.evil.example",
          "http://localhost.evil.example",
          ""}) {
        EXPECT_TRUE(is_refused("POST", origin)) << origin;
        EXPECT_FALSE(is_refused("GET", origin)) << origin;
        EXPECT_FALSE(is_refused("DELETE", origin, "Bearer b")) << origin;
    }
}

TEST(ForeignOrigin, IsNotThisMachine) {
    for (const auto* origin :
         {"http://localhost:3000", "http://127.0.0.1", "https://a.localhost", "http://[::1]:80"}) {
        EXPECT_FALSE(is_refused("POST", origin)) << origin;
    }
    http::Request request;
    request.method = "POST";
    EXPECT_FALSE(foreign_origin(request)) << "no browser";
}

}  // namespace
}  // namespace sluice::server
