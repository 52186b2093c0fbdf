#include "store/s3/location.hpp"

#include <gtest/gtest.h>

namespace sluice::s3 {
namespace {

TEST(S3Location, AnEndpointOfOnesOwnIsAddressedByPath) {
    const auto found = parse_location("s3://media/a/b?endpoint=http://127.0.0.1:7480&region=eu-1");
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->bucket, "media");
    EXPECT_EQ(found->prefix, "a/b/");
    EXPECT_EQ(found->region, "eu-1");
    EXPECT_EQ(found->endpoint.scheme, "http");
    EXPECT_EQ(found->endpoint.host_for("media"), "127.0.0.1:7480");
    EXPECT_EQ(found->endpoint.path_for("media"), "/media");
    EXPECT_EQ(found->shown(), "the bucket media at http://127.0.0.1:7480");
}

TEST(S3Location, WithoutOneItIsAws) {
    const auto found = parse_location("s3://media?region=eu-west-1");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->endpoint.scheme, "https");
    EXPECT_EQ(found->endpoint.host_for("media"), "media.s3.eu-west-1.amazonaws.com");
    EXPECT_EQ(found->endpoint.path_for("media"), "");
}

TEST(S3Location, TheUsualPortIsNotPartOfTheHost) {
    EXPECT_EQ(
        parse_location("s3://media?endpoint=https://s3.example:443/")->endpoint.host, "s3.example"
    );
    EXPECT_EQ(
        parse_location("s3://media?endpoint=http%3A%2F%2Fs3.example%3A80")->endpoint.host,
        "s3.example"
    );
}

TEST(S3Location, ReadersMayHaveAnotherEndpoint) {
    const auto found = parse_location(
        "s3://media?endpoint=http://inside:1&public=https://cdn.example&style=virtual"
    );
    ASSERT_TRUE(found);
    EXPECT_EQ(found->for_readers.host_for("media"), "media.cdn.example");
    EXPECT_EQ(found->endpoint.host_for("media"), "media.inside:1");
}

TEST(S3Location, WhatIsNoneIsRefusedWithAReason) {
    for (const char* url :
         {"disk",
          "s3://",
          "s3://ab",
          "s3://me/di a",
          "s3://media?endpoint=ftp://x",
          "s3://media?region=a b",
          "s3://media?endpoint=http://",
          "s3://media?endpoint=http://a/b",
          "s3://media?style=odd",
          "s3://media?secret=x",
          "s3://media?region",
          "s3://media?region=a&region=b",
          "s3://media?endpoint=http://user:pass@host"}) {
        const auto found = parse_location(url);
        EXPECT_FALSE(found) << url;
        EXPECT_FALSE(!found && found.error().empty()) << url;
    }
}

TEST(S3Location, WhatIsShownOfAWrongOneHasNoSecret) {
    EXPECT_EQ(masked_url("s3://media?secret=x1&region=eu-1"), "s3://media?secret=...&region=eu-1");
    EXPECT_EQ(masked_url("s3://key:sec/r?t@media?style=odd"), "s3://...@media?style=odd");
    EXPECT_EQ(masked_url("s3://media?endpoint=http://user:pass@host"), "s3://...@host");
    EXPECT_EQ(masked_url("s3://media?endpoint=http%3A%2F%2Fuser:pass%40host"), "s3://...@host");
    EXPECT_EQ(
        masked_url("s3://media?x1&region=a?secret=x2&"), "s3://media?...&region=a?secret=...&..."
    );
    EXPECT_EQ(masked_url("s3://media?endpoint=ftp://x"), "s3://media?endpoint=ftp://x");
    EXPECT_EQ(masked_url("key:secret@media"), "...@media");
    EXPECT_EQ(masked_url(""), "");
}

}  // namespace
}  // namespace sluice::s3
