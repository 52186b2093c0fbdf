#include "http/forwarded.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::http {
namespace {

struct Row {
    const char* name;
    std::vector<HeaderField> fields;
    const char* base_url;
    const char* peer;
};

constexpr auto proxy = "192.0.2.7";

Request received(const std::vector<HeaderField>& fields) {
    Request request;
    request.headers = fields;
    request.peer = proxy;
    request.base_url = "http://own:8080";
    apply_forwarded(request, [](std::string_view peer) { return peer.starts_with("192.0.2."); });
    return request;
}

HeaderField x_for(const char* value) {
    return {"X-Forwarded-For", value};
}
HeaderField x_host(const char* value) {
    return {"X-Forwarded-Host", value};
}
HeaderField x_proto(const char* value) {
    return {"X-Forwarded-Proto", value};
}
HeaderField forwarded(const char* value) {
    return {"Forwarded", value};
}

TEST(Forwarded, TellsWhatTheClientUsed) {
    const std::vector<Row> rows{
        {"nothing", {}, "http://own:8080", proxy},
        {"x_fields",
         {x_proto("https"), x_host("up.example"), x_for("203.0.113.9")},
         "https://up.example",
         "203.0.113.9"},
        {"the_last_that_is_not_trusted",
         {x_for("198.51.100.1, 203.0.113.9, 192.0.2.8")},
         "http://own:8080",
         "203.0.113.9"},
        {"one_element",
         {forwarded("for=\"[2001:db8::17]:4711\";Proto=HTTPS; host=\"up.example:8443\"")},
         "https://up.example:8443",
         "2001:db8::17"},
        {"the_element_of_the_first_trusted_proxy",
         {forwarded("for=198.51.100.1;host=forged, FOR=203.0.113.9:1;host=up.example"),
          forwarded("for=192.0.2.8;host=inner;proto=https")},
         "https://up.example",
         "203.0.113.9"},
        {"what_is_hidden_ends_the_way",
         {forwarded("for=203.0.113.9, for=unknown;host=up.example, for=192.0.2.8")},
         "http://up.example",
         "192.0.2.8"},
        {"both_alike",
         {x_host("up.example"), x_for("203.0.113.9"), forwarded("for=203.0.113.9;host=UP.example")},
         "http://up.example",
         "203.0.113.9"},
        {"both_different",
         {x_proto("https"),
          x_host("up.example"),
          x_for("203.0.113.9"),
          forwarded("for=198.51.100.1;host=forged;proto=http")},
         "http://own:8080",
         proxy},
    };
    for (const Row& row : rows) {
        const Request request = received(row.fields);
        EXPECT_EQ(request.base_url, row.base_url) << row.name;
        EXPECT_EQ(request.peer, row.peer) << row.name;
    }
}

TEST(Forwarded, WhatIsNoSchemeHostOrAddressIsNotSaid) {
    const std::vector<std::vector<HeaderField>> odd{
        {x_proto("ftp"), x_host("a b"), x_for("somebody")},
        {x_proto(""), x_host("user@up.example"), x_for("")},
        {x_host("up.example/x"), x_for("203.0.113.9, nobody")},
        {forwarded("")},
        {forwarded("for=_hidden;host=a/b;proto=ftp")},
        {forwarded(", ;=;for")},
        // A client's quote must not take the element of the proxy in.
        {forwarded("for=203.0.113.9;host=forged;x=\""),
         forwarded("for=198.51.100.1;host=true.example")},
        {forwarded("for=203.0.113.9;x=\"\\"), forwarded("for=\"198.51.100.1\"")},
    };
    for (const auto& fields : odd) {
        const Request request = received(fields);
        EXPECT_EQ(request.base_url, "http://own:8080") << fields.front().value;
        EXPECT_EQ(request.peer, proxy) << fields.front().value;
        EXPECT_FALSE(request.direct_url) << fields.front().value;
    }
}

TEST(Forwarded, TheOwnWordsStayBesideWhatAProxySaysOfTheHost) {
    const Request request = received({x_host("up.example"), x_proto("https")});
    EXPECT_EQ(request.base_url, "https://up.example");
    EXPECT_EQ(*request.direct_url, "https://own:8080");
}

}  // namespace
}  // namespace sluice::http
