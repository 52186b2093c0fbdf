#include "client/credentials.hpp"

#include <gtest/gtest.h>

namespace sluice::client {
namespace {

constexpr const char* twurlrc = R"(---
profiles:
  first:
    key1:
      username: first
      consumer_key: key1
      consumer_secret: cs1
      token: t1
      secret: ts1
  second:
    key2:
      username: second
      consumer_key: key2
      consumer_secret: "cs2#'x"
      token: 2-t2
      secret: ts2
configuration:
  default_profile:
  - second
  - key2
bearer_tokens:
  key2: app-only
)";

constexpr const char* xurl_yaml = R"(apps:
    mine:
        client_id: id
        client_secret: s
        default_user: bob
        oauth2_tokens:
            alice:
                type: oauth2
                oauth2:
                    access_token: of-alice
                    refresh_token: r
                    expiration_time: 1795687331
            bob:
                type: oauth2
                oauth2:
                    access_token: of-bob
                    refresh_token: r
                    expiration_time: 1795687331
        oauth1_token:
            type: oauth1
            oauth1:
                access_token: t
                token_secret: ts
                consumer_key: k
                consumer_secret: cs
        bearer_token:
            type: bearer
            bearer: app-only
default_app: mine
)";

constexpr const char* xurl_json = R"({"oauth2_tokens":{},"oauth1_tokens":{"type":"oauth1","oauth1":
{"access_token":"t","token_secret":"ts","consumer_key":"k","consumer_secret":"cs"}},
"bearer_token":{"type":"bearer","bearer":"app-only"}})";

constexpr const char* issued = R"({"id":"key_1","name":"n","bearer_token":"slc_b",
"app_bearer_token":"slc_app","consumer_key":"k","consumer_secret":"cs","access_token":"t",
"access_token_secret":"ts"})";

void expect_keys(const char* text, const OAuth1Keys& wanted, const std::string& bearer) {
    const auto found = parse_credentials(text);
    ASSERT_TRUE(found && found->oauth1) << text;
    EXPECT_EQ(found->oauth1->consumer_key, wanted.consumer_key);
    EXPECT_EQ(found->oauth1->consumer_secret, wanted.consumer_secret);
    EXPECT_EQ(found->oauth1->token, wanted.token);
    EXPECT_EQ(found->oauth1->token_secret, wanted.token_secret);
    EXPECT_EQ(found->bearer, bearer);
}

TEST(Credentials, AreTheDefaultOnesOfTwurl) {
    expect_keys(twurlrc, {"key2", "cs2#'x", "2-t2", "ts2"}, "");
}

TEST(Credentials, AreThoseOfXurlAsItWritesYamlOrJson) {
    expect_keys(xurl_yaml, {"k", "cs", "t", "ts"}, "of-bob");
    expect_keys(xurl_json, {"k", "cs", "t", "ts"}, "");
}

TEST(Credentials, AreThoseThatKeysCreatePrinted) {
    expect_keys(issued, {"k", "cs", "t", "ts"}, "slc_b");
}

TEST(Credentials, AreNoneInABrokenOrEmptyFile) {
    for (const auto* text : {"", "---\n", "{", "profiles:\n  a:\n    b:\n      token: t\n"}) {
        EXPECT_FALSE(parse_credentials(text)) << text;
    }
}

TEST(Credentials, SignV1AndGiveTheTokenElsewhere) {
    const Credentials both{.bearer = "b", .oauth1 = OAuth1Keys{"k", "cs", "t", "ts"}};
    const HttpRequest v1{.url = "http://h/1.1/media/upload.json"};
    const HttpRequest v2{.url = "http://h/2/media/upload"};
    EXPECT_TRUE(authorization_for(v1, both).starts_with("OAuth "));
    EXPECT_EQ(authorization_for(v2, both), "Bearer b");
    EXPECT_TRUE(authorization_for(v2, {.bearer = {}, .oauth1 = both.oauth1}).starts_with("OAuth "));
    EXPECT_EQ(authorization_for(v1, {.bearer = "b", .oauth1 = {}}), "Bearer b");
    EXPECT_EQ(authorization_for(v1, {}), "");
}

TEST(Credentials, GetAnotherNonceForEachTry) {
    const Credentials keys{.bearer = {}, .oauth1 = OAuth1Keys{"k", "cs", "t", "ts"}};
    const HttpRequest request{.url = "http://h/1.1/media/upload.json"};
    EXPECT_NE(authorization_for(request, keys), authorization_for(request, keys));
}

TEST(Credentials, KnowTheHostsOfX) {
    EXPECT_TRUE(is_host_of_x("https://upload.twitter.com"));
    EXPECT_TRUE(is_host_of_x("https://API.x.com/2"));
    EXPECT_FALSE(is_host_of_x("http://api.x.com"));
    EXPECT_FALSE(is_host_of_x("https://api.x.com.evil.example"));
    EXPECT_FALSE(is_host_of_x("https://api.x.com:444"));
}

}  // namespace
}  // namespace sluice::client
