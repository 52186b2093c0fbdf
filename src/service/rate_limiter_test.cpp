#include "service/rate_limiter.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using std::chrono::seconds;

const Principal alice{"token:alice"};
const Principal bob{"token:bob"};
constexpr WallTime start{std::chrono::milliseconds{1'790'000'000'000}};

RateLimits two_inits() {
    RateLimits limits;
    EXPECT_TRUE(set_rate_limit(limits, "v1.init", {2, seconds(60)}));
    return limits;
}

TEST(RateLimiter, CountsUpToTheLimitAndBeginsAnewWithTheWindow) {
    MemoryRateLimiter limiter(two_inits());
    EXPECT_EQ(limiter.take(alice, RateBucket::v1_init, start).remaining(), 1U);
    EXPECT_EQ(limiter.take(alice, RateBucket::v1_init, start + seconds(59)).remaining(), 0U);
    const auto over = limiter.take(alice, RateBucket::v1_init, start + seconds(59));
    EXPECT_TRUE(over.is_over);
    EXPECT_EQ(over.used, 2U);
    EXPECT_EQ(over.turned_away, 1U);
    EXPECT_EQ(over.resets, start + seconds(60));
    EXPECT_FALSE(limiter.take(alice, RateBucket::v1_init, start + seconds(60)).is_over);
}

TEST(RateLimiter, TurnsNobodyAwayUntilATimeThatAWrongClockMadeUp) {
    MemoryRateLimiter limiter(two_inits());
    const WallTime wrong = start + std::chrono::hours(24);
    for (int i = 0; i < 3; ++i) {
        limiter.take(alice, RateBucket::v1_init, wrong);
    }
    EXPECT_FALSE(limiter.take(alice, RateBucket::v1_init, start).is_over);
    const auto second = limiter.take(alice, RateBucket::v1_init, start - seconds(1));
    EXPECT_EQ(second.used, 2U) << "another node's clock is a little behind";
    EXPECT_TRUE(limiter.take(alice, RateBucket::v1_init, start).is_over);
}

TEST(RateLimiter, KeepsPrincipalsAndBucketsApart) {
    MemoryRateLimiter limiter(two_inits());
    for (int i = 0; i < 3; ++i) {
        limiter.take(alice, RateBucket::v1_init, start);
    }
    EXPECT_TRUE(limiter.take(alice, RateBucket::v1_init, start).is_over);
    EXPECT_FALSE(limiter.take(bob, RateBucket::v1_init, start).is_over);
    EXPECT_FALSE(limiter.take(alice, RateBucket::v1_status, start).is_over);
    EXPECT_FALSE(limiter.take(alice, RateBucket::v2_init, start).is_over);
}

TEST(RateLimiter, TellsWhatBecameOfTheCallsThatUsedItUp) {
    MemoryRateLimiter limiter(two_inits());
    limiter.take(alice, RateBucket::v1_init, start);
    limiter.note(alice, RateBucket::v1_init, RateOutcome::refused);
    limiter.take(alice, RateBucket::v1_init, start);
    limiter.note(alice, RateBucket::v1_init, RateOutcome::succeeded);
    const auto standing = limiter.take(alice, RateBucket::v1_init, start);
    EXPECT_EQ(standing.succeeded, 1U);
    EXPECT_EQ(standing.refused, 1U);
}

TEST(RateLimiter, ACallThatIsOverAlreadyIsCountedWithWhatBecameOfIt) {
    MemoryRateLimiter limiter(two_inits());
    const auto first =
        limiter.take_settled(alice, RateBucket::v1_init, start, RateOutcome::refused);
    EXPECT_EQ(first.used, 1U);
    limiter.take_settled(alice, RateBucket::v1_init, start, RateOutcome::succeeded);
    EXPECT_TRUE(
        limiter.take_settled(alice, RateBucket::v1_init, start, RateOutcome::refused).is_over
    );
    const auto standing = limiter.take(alice, RateBucket::v1_init, start);
    EXPECT_EQ(standing.succeeded, 1U);
    EXPECT_EQ(standing.refused, 1U) << "one that was turned away is none of these";
    EXPECT_EQ(standing.turned_away, 2U);
}

TEST(RateLimiter, IsBounded) {
    MemoryRateLimiter limiter(RateLimits(), 160);
    for (int i = 0; i < 10'000; ++i) {
        limiter.take({"token:" + std::to_string(i)}, RateBucket::v2_status, start);
    }
    EXPECT_LE(limiter.principals(), 160U);
    EXPECT_GE(limiter.principals(), 150U);
}

TEST(RateLimits, AreReadAsPeopleWriteThem) {
    EXPECT_EQ(parse_rate_limit("400/15m"), (RateLimit{400, seconds(900)}));
    EXPECT_EQ(parse_rate_limit("1/s"), (RateLimit{1, seconds(1)}));
    EXPECT_EQ(parse_rate_limit("7/30"), (RateLimit{7, seconds(30)}));
    EXPECT_EQ(parse_rate_limit("7/2h"), (RateLimit{7, seconds(7200)}));
    for (const char* wrong : {"", "400", "400/", "/15m", "x/15m", "4/0m", "4/xm", "-4/15m"}) {
        EXPECT_FALSE(parse_rate_limit(wrong)) << wrong;
    }
}

TEST(RateLimits, AreSetInBothVersionsOrInOne) {
    RateLimits limits;
    ASSERT_TRUE(set_rate_limit(limits, "init", {5, seconds(1)}));
    EXPECT_EQ(limits.of(RateBucket::v1_init).calls, 5U);
    EXPECT_EQ(limits.of(RateBucket::v2_init).calls, 5U);
    ASSERT_TRUE(set_rate_limit(limits, "v2.init", {6, seconds(1)}));
    EXPECT_EQ(limits.of(RateBucket::v1_init).calls, 5U);
    EXPECT_EQ(limits.of(RateBucket::v2_init).calls, 6U);
    EXPECT_FALSE(set_rate_limit(limits, "nothing", {6, seconds(1)}));
    EXPECT_EQ(RateLimits::of_x().of(RateBucket::v1_init), (RateLimit{200, seconds(3600)}));
    EXPECT_EQ(rate_bucket_of("STATUS", true), RateBucket::v2_status);
    EXPECT_EQ(rate_bucket_of("SUBTITLES_CREATE", false), RateBucket::v1_subtitles);
    EXPECT_FALSE(rate_bucket_of("", false));
}

}  // namespace
}  // namespace sluice
