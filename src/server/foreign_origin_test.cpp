#include "server/foreign_origin.hpp"

#include <gtest/gtest.h>

#include "server/unread_head.hpp"

namespace sluice::server {
namespace {

const protocol::PageOrigins pages{
    .needs_keys = false,
    .listed = {"https://app.example"},
    .names = {"named.example"},
};

bool is_refused(const char* method, const char* origin, const char* credentials = nullptr) {
    http::Request request;
    request.method = method;
    request.base_url = "http://127.0.0.1:8080";
    request.headers.push_back({"Origin", origin});
    if (credentials != nullptr) {
        request.headers.push_back({"Authorization", credentials});
    }
    return foreign_page(request, pages).has_value();
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
    EXPECT_TRUE(foreign_page(request, pages));
    EXPECT_FALSE(
        foreign_page(request, {.needs_keys = false, .listed = {}, .names = {"rebound.example"}})
    );
}

// A page whose name leads to a proxy that is trusted can say what the proxy would.
TEST(ForeignPage, MayNotHideItsNameBehindAProxysWord) {
    http::Request request;
    request.method = "GET";
    request.path = "/api/v1/requests";
    request.base_url = "http://localhost";
    request.direct_url = Rare(std::string("http://rebound.example"));
    EXPECT_TRUE(foreign_page(request, pages));
    request.direct_url = Rare(std::string("http://127.0.0.1:8080"));
    EXPECT_FALSE(foreign_page(request, pages));
}

// Nor behind a proxy that writes the name of what it leads to into the request, and says what was asked for.
TEST(ForeignPage, MayNotUseAProxyThatHidesItsName) {
    http::Request request;
    request.method = "GET";
    request.path = "/api/v1/requests";
    request.base_url = "http://rebound.example";
    request.direct_url = Rare(std::string("http://127.0.0.1:8080"));
    EXPECT_TRUE(foreign_page(request, pages));
    request.base_url = "http://named.example";
    EXPECT_FALSE(foreign_page(request, pages));

    request.method = "POST";
    request.base_url = "http://rebound.example";
    request.path = "/1.1/media/upload.json";
    request.headers = {{"Origin", "http://rebound.example"}, {"Authorization", "Bearer b"}};
    EXPECT_TRUE(foreign_page(request, pages)) << "the browser asked nobody";
    request.base_url = "http://127.0.0.1:8080";
    request.direct_url.reset();
    EXPECT_FALSE(foreign_page(request, pages)) << "it has asked: the name is another";
    request.headers.push_back({"Sec-Fetch-Site", "same-origin"});
    EXPECT_TRUE(foreign_page(request, pages)) << "the proxy says nothing, but the browser does";
}

TEST(ForeignPage, MayNotReadTheNativeApiAtItsOwnName) {
    const auto is_refused_at = [](std::string base_url, std::string path = "/api/v1/requests") {
        http::Request request;
        request.method = "GET";
        request.base_url = std::move(base_url);
        request.path = std::move(path);
        return foreign_page(request, pages).has_value();
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
    EXPECT_FALSE(foreign_page(request, pages)) << "no browser";
}

TEST(ForeignPage, MayUploadByTusAndRufhWhereItIsListedAndAsksFirst) {
    const auto is_refused_at = [](const char* path, const char* origin, const char* wanted) {
        http::Request request;
        request.method = "OPTIONS";
        request.path = path;
        request.headers = {
            {"Origin", origin},
            {"Access-Control-Request-Method", wanted},
            {"Access-Control-Request-Headers", "authorization"},
        };
        const bool may_not_ask = foreign_page(request, pages).has_value();
        request.method = wanted;
        EXPECT_EQ(foreign_page(request, pages).has_value(), may_not_ask) << path << origin;
        return may_not_ask;
    };
    for (const auto* path : {"/files/", "/files/12", "/resumable/"}) {
        for (const auto* origin :
             {"https://app.example", "http://localhost:80", "https://named.example:8443"}) {
            EXPECT_FALSE(is_refused_at(path, origin, "PATCH")) << path << origin;
        }
        for (const auto* origin : {"https://app.example:8443", "http://app.example", "null"}) {
            EXPECT_TRUE(is_refused_at(path, origin, "PATCH")) << path << origin;
            EXPECT_FALSE(is_refused_at(path, origin, "HEAD")) << path << origin;
        }
    }
    EXPECT_TRUE(is_refused("POST", "https://app.example")) << "listed for uploads alone";
}

TEST(PageOrigins, AreAllWithKeysOrThoseOfTheList) {
    protocol::PageOrigins with_keys{.needs_keys = true, .listed = {}, .names = {"named.example"}};
    EXPECT_TRUE(with_keys.has("https://app.example"));
    with_keys.listed = {"https://app.example"};
    EXPECT_TRUE(with_keys.has("https://app.example"));
    for (const auto* origin :
         {"https://named.example", "http://localhost", "https://app.example:1"}) {
        EXPECT_FALSE(with_keys.has(origin)) << origin;
    }
    EXPECT_FALSE(pages.has("http://localhost:3000\rX-Evil: 1"));
    EXPECT_FALSE(pages.has(""));
}

TEST(UnreadHead, HasTheFieldsWhoseLinesAreWhole) {
    const std::string_view head =
        "POST /files/ HTTP/1.1\r\nHost: a\r\norigin:  http://b \r\nAccept: te";
    EXPECT_EQ(field_seen(head, "Origin"), "http://b");
    EXPECT_FALSE(field_seen(head, "Accept"));
    EXPECT_FALSE(field_seen(head, "POST"));
    EXPECT_FALSE(field_seen("POST / HTTP/1.1\r\n\r\nOrigin: http://b\r\n", "Origin"));
    EXPECT_FALSE(field_seen("", "Origin"));
}

}  // namespace
}  // namespace sluice::server
