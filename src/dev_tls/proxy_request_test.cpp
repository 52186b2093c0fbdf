#include "dev_tls/proxy_request.hpp"

#include <gtest/gtest.h>

namespace sluice::dev_tls {
namespace {

struct Row {
    const char* line;
    ProxyAction action;
    int status;
};

constexpr Row rows[] = {
    {"CONNECT upload.twitter.com:443 HTTP/1.1", ProxyAction::tunnel, 0},
    {"CONNECT upload.x.com:443 HTTP/1.1", ProxyAction::tunnel, 0},
    {"CONNECT api.twitter.com:443 HTTP/1.0", ProxyAction::tunnel, 0},
    {"CONNECT API.X.COM:443 HTTP/1.1", ProxyAction::tunnel, 0},
    {"CONNECT api.x.com:80 HTTP/1.1", ProxyAction::refuse, 403},
    {"CONNECT api.x.com HTTP/1.1", ProxyAction::refuse, 403},
    {"CONNECT x.com:443 HTTP/1.1", ProxyAction::refuse, 403},
    {"CONNECT upload.twitter.com.example.org:443 HTTP/1.1", ProxyAction::refuse, 403},
    {"CONNECT 127.0.0.1:443 HTTP/1.1", ProxyAction::refuse, 403},
    {"GET http://upload.twitter.com/1.1/media/upload.json HTTP/1.1", ProxyAction::plain, 0},
    {"GET HTTP://api.x.com:80?a=b HTTP/1.1", ProxyAction::plain, 0},
    {"GET http://api.x.com:8080/ HTTP/1.1", ProxyAction::refuse, 403},
    {"GET http://api.x.com@example.org/ HTTP/1.1", ProxyAction::refuse, 403},
    {"GET http://example.org/ HTTP/1.1", ProxyAction::refuse, 403},
    {"GET /1.1/media/upload.json HTTP/1.1", ProxyAction::refuse, 400},
    {"CONNECT", ProxyAction::refuse, 400},
    {"\x16\x03\x01", ProxyAction::refuse, 400},
    {"", ProxyAction::refuse, 400},
};

TEST(ProxyRequest, LeadsToXsHostsAndNowhereElse) {
    for (const Row& row : rows) {
        const auto decision = decide_proxy_request(row.line);
        EXPECT_EQ(decision.action, row.action) << row.line;
        EXPECT_EQ(decision.status, row.status) << row.line;
        EXPECT_EQ(decision.text.empty(), row.action != ProxyAction::refuse) << row.line;
    }
}

TEST(ProxyRequest, ARefusalIsAWholeAnswer) {
    const auto bytes = refusal_bytes(decide_proxy_request("CONNECT example.org:443 HTTP/1.1"));
    EXPECT_TRUE(bytes.starts_with("HTTP/1.1 403 Forbidden\r\n"));
    EXPECT_TRUE(bytes.contains("asked for: example.org:443"));
}

}  // namespace
}  // namespace sluice::dev_tls
