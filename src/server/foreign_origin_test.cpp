#include "server/foreign_origin.hpp"

#include <gtest/gtest.h>

namespace sluice::server {
namespace {

bool is_refused(const char* method, const char* origin, const char* credentials = nullptr) {
    http::Request request;
    request.method = method;
    request.base_url = "http://127.0.0.1:8080";
    request.headers.push_back({"Origin", origin});
    if (credentials != nullptr) {
        request.headers.push_back({"Authorization", credentials});
    }
    return foreign_page(request).has_value();
}

TEST(ForeignPage, MayNotWriteWithoutCredentials) {
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

// The browser takes it for the page's own site, and so asks nobody.
TEST(ForeignPage, MayNotWriteAtItsOwnName) {
    http::Request request;
    request.method = "POST";
    request.base_url = "http://Rebound.example:8080";
    request.headers = {{"Origin", "http://rebound.example:8080"}, {"Authorization", "Bearer b"}};
    EXPECT_TRUE(foreign_page(request));
    const std::vector<std::string> names{"rebound.example"};
    EXPECT_FALSE(foreign_page(request, names));
}

// A page whose name leads to a proxy that is trusted can say what the proxy would.
TEST(ForeignPage, MayNotHideItsNameBehindAProxysWord) {
    http::Request request;
    request.method = "GET";
    request.path = "/api/v1/requests";
    request.base_url = "http://localhost";
    request.direct_url = "http://rebound.example";
    EXPECT_TRUE(foreign_page(request));
    request.direct_url = "http://127.0.0.1:8080";
    EXPECT_FALSE(foreign_page(request));
}

TEST(ForeignPage, MayNotReadTheNativeApiAtItsOwnName) {
    const auto is_refused_at = [](std::string base_url, std::string path = "/api/v1/requests") {
        http::Request request;
        request.method = "GET";
        request.base_url = std::move(base_url);
        request.path = std::move(path);
        return foreign_page(request).has_value();
    };
    for (const auto* url : {"http://rebound.example", "http://127.0.0.1.rebound.example:80"}) {
        EXPECT_TRUE(is_refused_at(url)) << url;
        EXPECT_FALSE(is_refused_at(url, "/1.1/media/upload.json")) << url;
    }
    for (const auto* url :
         {"http://127.0.0.1:80",
          "http://10.0.0.7",
          "http://[::1]:8080",
          "http://localhost",
          "http://sluice:8080",
          "https://upload.twitter.com",
          ""}) {
        EXPECT_FALSE(is_refused_at(url)) << url;
    }
}

TEST(ForeignPage, IsNotThisMachine) {
    for (const auto* origin :
         {"http://localhost:3000", "http://127.0.0.1", "https://a.localhost", "http://[::1]:80"}) {
        EXPECT_FALSE(is_refused("POST", origin)) << origin;
    }
    http::Request request;
    request.method = "POST";
    EXPECT_FALSE(foreign_page(request)) << "no browser";
}

}  // namespace
}  // namespace sluice::server
