#include "service/failed_logins.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using std::chrono::seconds;

constexpr WallTime start{std::chrono::milliseconds{1'790'000'000'000}};
constexpr FailedLoginLimits small{.by_address = {3, seconds(60)}, .by_key = {2, seconds(60)}};

TEST(FailedLogins, AnAddressHasItsNumberInAWindow) {
    FailedLogins failed(small);
    for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(failed.would_exceed({"192.0.2.1", ""}, start));
        EXPECT_FALSE(failed.note({"192.0.2.1", ""}, start));
    }
    EXPECT_TRUE(failed.would_exceed({"192.0.2.1", ""}, start + seconds(59)));
    const auto excess = failed.note({"192.0.2.1", ""}, start + seconds(59));
    ASSERT_TRUE(excess);
    EXPECT_EQ(excess->whose, "from this address");
    EXPECT_EQ(excess->failures, 4U);
    EXPECT_EQ(excess->resets, start + seconds(60));
    EXPECT_FALSE(failed.note({"192.0.2.2", ""}, start)) << "another address";
    EXPECT_FALSE(failed.would_exceed({"192.0.2.1", ""}, start + seconds(60)));
    EXPECT_FALSE(failed.note({"192.0.2.1", ""}, start + seconds(60)));
}

TEST(FailedLogins, AKeyHasItsOwnWhoeverClaimsIt) {
    FailedLogins failed(small);
    EXPECT_FALSE(failed.note({"192.0.2.1", "key"}, start));
    EXPECT_FALSE(failed.note({"192.0.2.2", "key"}, start));
    EXPECT_TRUE(failed.would_exceed({"192.0.2.3", "key"}, start));
    const auto excess = failed.note({"192.0.2.3", "key"}, start);
    ASSERT_TRUE(excess);
    EXPECT_EQ(excess->whose, "with this consumer key");
    EXPECT_FALSE(failed.note({"192.0.2.3", "other"}, start));
}

TEST(FailedLogins, AnIpv6CallerIsItsNetwork) {
    FailedLogins failed(small);
    for (const char* address : {"2001:db8::1", "2001:db8::2", "2001:db8::ffff:1:2"}) {
        EXPECT_FALSE(failed.note({address, ""}, start));
    }
    EXPECT_TRUE(failed.note({"2001:db8::9", ""}, start));
    EXPECT_FALSE(failed.note({"2001:db8:0:1::1", ""}, start));
}

TEST(FailedLogins, ZeroIsNoLimit) {
    FailedLogins failed({.by_address = {0, seconds(60)}, .by_key = {0, seconds(60)}});
    for (int i = 0; i < 1000; ++i) {
        ASSERT_FALSE(failed.note({"192.0.2.1", "key"}, start));
    }
}

TEST(FailedLogins, WhoFailedLongestAgoIsForgottenFirst) {
    FailedLogins failed(small, 2);
    for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(failed.note({"192.0.2.1", ""}, start));
    }
    EXPECT_FALSE(failed.note({"192.0.2.2", ""}, start));
    EXPECT_TRUE(failed.would_exceed({"192.0.2.1", ""}, start));
    EXPECT_TRUE(failed.note({"192.0.2.1", ""}, start));
    EXPECT_FALSE(failed.note({"192.0.2.3", ""}, start)) << "192.0.2.2 goes";
    EXPECT_TRUE(failed.would_exceed({"192.0.2.1", ""}, start));
}

}  // namespace
}  // namespace sluice
