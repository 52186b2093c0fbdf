#include "service/polling.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using namespace std::chrono_literals;

const Principal me{"me"};
const Principal other{"other"};
constexpr MediaId id{7};
constexpr WallTime start{std::chrono::milliseconds{1'790'000'000'000}};

TEST(Polling, TheFirstQuestionIsNeverTooEarly) {
    Polling polling({});
    const auto poll = polling.asked(me, id, 5s, start);
    ASSERT_FALSE(poll.refusal);
    EXPECT_FALSE(poll.is_too_early);
    EXPECT_FALSE(poll.asked_after);
    EXPECT_EQ(poll.check_after, 5s);
}

TEST(Polling, TheQuestionStraightAfterFinalizeIsNotCounted) {
    Polling polling({});
    polling.finalized(me, id, 5s, start);
    EXPECT_FALSE(polling.asked(me, id, 5s, start + 10ms).is_too_early);
    EXPECT_TRUE(polling.asked(me, id, 5s, start + 20ms).is_too_early);
}

TEST(Polling, WhoAsksTooEarlyIsAdvisedALittleMoreUpToALimit) {
    Polling polling({.per_second_max = 1000});
    std::chrono::seconds advised = polling.asked(me, id, 4s, start).check_after;
    for (int i = 1; i <= 10; ++i) {
        const auto poll = polling.asked(me, id, 4s, start + i * 400ms);
        ASSERT_TRUE(!poll.refusal && poll.is_too_early) << i;
        EXPECT_EQ(poll.advised, advised);
        EXPECT_EQ(poll.asked_after, 400ms);
        advised = poll.check_after;
    }
    EXPECT_EQ(advised, 7s);
    const auto obeyed = polling.asked(me, id, 4s, start + 4s + 7s);
    EXPECT_FALSE(obeyed.is_too_early);
    EXPECT_EQ(obeyed.check_after, 4s);
}

TEST(Polling, OnlyARateThatLastsIsRefused) {
    Polling polling({.per_second_max = 20});
    int refused = 0;
    for (int i = 0; i < 40; ++i) {
        refused += polling.asked(me, id, 5s, start + i * 1ms).refusal ? 1 : 0;
    }
    EXPECT_EQ(refused, 0);
    const auto poll = polling.asked(me, id, 5s, start + 41ms);
    ASSERT_TRUE(poll.refusal);
    EXPECT_EQ(poll.refusal->code, ErrorCode::polling_too_fast);
    EXPECT_GE(poll.refusal->retry_after, 5s);
    EXPECT_EQ(poll.asked_after, 2ms) << "also of a refused one it is known how early it came";
    EXPECT_GE(poll.advised, 5s);
    EXPECT_FALSE(polling.asked(other, id, 5s, start + 42ms).refusal) << "another's rate is his own";
    EXPECT_FALSE(polling.asked(me, id, 5s, start + 2s).refusal) << "it mends by waiting";
}

TEST(Polling, ForgetsTheOldestWhenThereAreTooMany) {
    Polling polling({});
    for (std::uint64_t i = 1; i <= Polling::uploads_max + 1; ++i) {
        ASSERT_FALSE(polling.asked(me, {i}, 5s, start).refusal);
    }
    EXPECT_FALSE(polling.asked(me, {1}, 5s, start + 1ms).is_too_early);
    EXPECT_TRUE(polling.asked(me, {Polling::uploads_max}, 5s, start + 1ms).is_too_early);
}

}  // namespace
}  // namespace sluice
