#include "protocol/rufh/digests.hpp"

#include <gtest/gtest.h>

namespace sluice::protocol::rufh {
namespace {

constexpr std::string_view of_hello = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:";

Result<void> judged(std::string_view field, std::string_view body) {
    auto digests = Digests::parse(field).value();
    digests->update(std::as_bytes(std::span(body)));
    return digests->verify();
}

TEST(RufhDigests, AreOfTheBytesThatCame) {
    EXPECT_TRUE(judged(of_hello, "hello"));
    const auto other = judged(of_hello, "hallo");
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, ErrorCode::checksum_mismatch);
    EXPECT_TRUE(judged("md5=:x:, " + std::string(of_hello) + ";a=1", "hello"));
}

TEST(RufhDigests, OfUnknownAlgorithmsAreNotLookedAt) {
    EXPECT_EQ(Digests::parse("").value(), nullptr);
    EXPECT_EQ(Digests::parse("md5=:abc:, crc32c=:AAAA:").value(), nullptr);
    EXPECT_EQ(Digests::parse(",,=,").value(), nullptr);
}

TEST(RufhDigests, ThatCannotBeOnesAreRefused) {
    for (const char* field :
         {"sha-256=abc",
          "sha-256=::",
          "sha-256=:",
          "sha-256=:AAAA:",
          "sha-512=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:"}) {
        const auto parsed = Digests::parse(field);
        ASSERT_FALSE(parsed) << field;
        EXPECT_EQ(parsed.error().code, ErrorCode::checksum_invalid);
    }
}

TEST(RufhDigests, ThatAreWantedMostAreTold) {
    const auto digests = Digests::wanted("sha-512=3, sha-256=10, md5=99");
    ASSERT_NE(digests, nullptr);
    digests->update(std::as_bytes(std::span(std::string_view("hello"))));
    EXPECT_TRUE(digests->verify());
    EXPECT_EQ(digests->told(), of_hello);
    EXPECT_EQ(Digests::wanted("sha-256=0, md5=1"), nullptr);
}

}  // namespace
}  // namespace sluice::protocol::rufh
