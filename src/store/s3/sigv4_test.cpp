#include "store/s3/sigv4.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::s3 {
namespace {

// The examples of "Signature Calculations for the Authorization Header" and "Authenticating Requests:
// Using Query Parameters" of the Amazon S3 API Reference.
const Credentials example{
    .key_id = "AKIAIOSFODNN7EXAMPLE",
    .secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    .session_token = ""
};
const SigningScope us_east{.region = "us-east-1"};
// 2013-05-24T00:00:00Z
const WallTime then{std::chrono::milliseconds{1'369'353'600'000}};

Unsigned to_examplebucket(std::string method, std::string path) {
    return {
        .method = std::move(method),
        .host = "examplebucket.s3.amazonaws.com",
        .path = std::move(path),
        .query = {},
        .headers = {},
    };
}

std::string authorization(const Signed& made) {
    const auto is_it = [](const std::string& header) {
        return header.starts_with("authorization: ");
    };
    const auto found = std::ranges::find_if(made.headers, is_it);
    return found == made.headers.end() ? "none" : *found;
}

std::string expected(const std::string& names, const std::string& signature) {
    return "authorization: AWS4-HMAC-SHA256 "
           "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=" +
           names + ",Signature=" + signature;
}

TEST(SigV4, SignsAGetWithARangeAsPublished) {
    auto request = to_examplebucket("GET", "/test.txt");
    request.headers["range"] = "bytes=0-9";
    EXPECT_EQ(
        authorization(sign(request, example, us_east, then, empty_payload)),
        expected(
            "host;range;x-amz-content-sha256;x-amz-date",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        )
    );
}

TEST(SigV4, SignsAPutWithOddCharactersInItsKeyAsPublished) {
    auto request = to_examplebucket("PUT", "/test$file.text");
    request.headers["date"] = "Fri, 24 May 2013 00:00:00 GMT";
    request.headers["x-amz-storage-class"] = "REDUCED_REDUNDANCY";
    const auto made = sign(
        request,
        example,
        us_east,
        then,
        "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
    );
    EXPECT_EQ(
        authorization(made),
        expected(
            "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        )
    );
    EXPECT_EQ(made.target, "/test%24file.text");
}

TEST(SigV4, SignsAQueryWithoutAValueAsPublished) {
    auto request = to_examplebucket("GET", "/");
    request.query["lifecycle"] = "";
    const auto made = sign(request, example, us_east, then, empty_payload);
    EXPECT_EQ(
        authorization(made),
        expected(
            "host;x-amz-content-sha256;x-amz-date",
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        )
    );
    EXPECT_EQ(made.target, "/?lifecycle=");
}

TEST(SigV4, SignsAListAsPublished) {
    auto request = to_examplebucket("GET", "/");
    request.query = {{"prefix", "J"}, {"max-keys", "2"}};
    EXPECT_EQ(
        authorization(sign(request, example, us_east, then, empty_payload)),
        expected(
            "host;x-amz-content-sha256;x-amz-date",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        )
    );
}

TEST(SigV4, PresignsAsPublished) {
    EXPECT_EQ(
        presigned_target(
            to_examplebucket("GET", "/test.txt"),
            example,
            us_east,
            then,
            std::chrono::seconds(86'400)
        ),
        "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F"
        "20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&"
        "X-Amz-SignedHeaders=host&X-Amz-Signature="
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    );
}

TEST(SigV4, ATokenIsSignedToo) {
    Credentials temporary = example;
    temporary.session_token = "token/with+signs=";
    const auto made = sign(to_examplebucket("GET", "/"), temporary, us_east, then, empty_payload);
    EXPECT_NE(
        std::ranges::find(made.headers, "x-amz-security-token: token/with+signs="),
        made.headers.end()
    );
    EXPECT_NE(
        authorization(made).find("x-amz-content-sha256;x-amz-date;x-amz-security-token,"),
        std::string::npos
    );
}

TEST(SigV4, PathsAreNeitherNormalisedNorLeftRaw) {
    auto request = to_examplebucket("GET", "/a//b/../ü (1)+%.txt");
    request.query = {{"b", "x y"}, {"a", "1/2"}, {"a-", ""}};
    const auto made = sign(request, example, us_east, then, unsigned_payload);
    EXPECT_EQ(made.target, "/a//b/../%C3%BC%20%281%29%2B%25.txt?a=1%2F2&a-=&b=x%20y");
}

}  // namespace
}  // namespace sluice::s3
