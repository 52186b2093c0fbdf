#include "protocol/common/masking.hpp"

#include <gtest/gtest.h>

namespace sluice::protocol {
namespace {

constexpr std::string_view oauth =
    "OAuth oauth_consumer_key=\"xvz1evFS4wEEPTGEFPHBog\", "
    "oauth_nonce=\"kYjzVBB8Y0ZFabxSWbWovY3uYSQ\", "
    "oauth_signature=\"tnnArxj06cWHq44gCs1OSKk%2FjLY%3D\", oauth_signature_method=\"HMAC-SHA1\", "
    "oauth_timestamp=\"1318622958\", oauth_token=\"370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9Eyz\"";

TEST(Masker, KeepsWhatASignatureIsMadeOfAndNoSecret) {
    Masker masker;
    const std::string kept = masker.field("Authorization", oauth);
    EXPECT_EQ(
        kept,
        "OAuth oauth_consumer_key=\"xvz1****\", oauth_nonce=\"****\", oauth_signature=\"****\", "
        "oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"1318622958\", oauth_token=\"****\""
    );
}

TEST(Masker, MasksCredentialsOfEveryScheme) {
    const std::pair<std::string_view, std::string_view> rows[] = {
        {"Bearer 9f8e7d6c5b4a", "Bearer ****"},
        {"Basic dXNlcjpwYXNz", "Basic ****"},
        {"slc_forgotten_scheme", "****"},
        {"slc_forgotten_scheme and more", "****"},
        {"OAuth realm=\"x\",nonsense", "OAuth realm=\"x\", ****"},
        {"OAuth oauth%5Ftoken=\"secret-value\"", "OAuth oauth%5Ftoken=\"****\""},
    };
    for (const auto& [value, kept] : rows) {
        EXPECT_EQ(Masker().field("authorization", value), kept);
    }
}

TEST(Masker, MasksFieldsAndParametersByTheirName) {
    Masker masker;
    EXPECT_EQ(masker.field("Cookie", "session=1234567890"), "****");
    EXPECT_EQ(masker.field("X-Auth-Token", "1234567890"), "****");
    EXPECT_EQ(
        masker.field("Referer", "http://a/media/3_1/large.jpg?expires=1&signature=0123abcd"),
        "http://a/media/3_1/large.jpg?expires=1&signature=****"
    );
    EXPECT_EQ(masker.field("User-Agent", "tweepy"), "tweepy");
    EXPECT_EQ(masker.parameter("oauth_token", "abcdefgh"), "****");
    EXPECT_EQ(masker.parameter("access_token", "abcdefgh"), "****");
    EXPECT_EQ(masker.parameter("media_id", "4711"), "4711");
}

TEST(Masker, LeavesTheRestOfATargetAsItCame) {
    Masker masker;
    EXPECT_EQ(
        masker.target("/1.1/media/upload.json?command=STATUS&oauth%5ftoken=abc%20def&a&&media_id=7"
        ),
        "/1.1/media/upload.json?command=STATUS&oauth%5ftoken=****&a&&media_id=7"
    );
    EXPECT_EQ(
        masker.target("/media/7_1/original?expires=5&signature=0123456789abcdef"),
        "/media/7_1/original?expires=5&signature=****"
    );
    EXPECT_EQ(masker.target("/livez"), "/livez");
}

TEST(Masker, FindsTheValuesAgainWhereTheyAreRepeated) {
    Masker masker;
    masker.field("Authorization", "Bearer very-secret-token-of-mine");
    masker.field("Authorization", oauth);
    EXPECT_EQ(
        masker.text("the token very-secret-token-of-mine is wrong"), "the token **** is wrong"
    );
    EXPECT_EQ(masker.text("cut: very-secret-tok"), "cut: ****tok");
    EXPECT_EQ(masker.text("sig tnnArxj06cWHq44gCs1OSKk/jLY= or coded"), "sig **** or coded");
    EXPECT_EQ(masker.text("key xvz1evFS4wEEPTGEFPHBog"), "key xvz1****");
}

}  // namespace
}  // namespace sluice::protocol
