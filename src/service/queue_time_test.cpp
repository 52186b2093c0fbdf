#include "service/queue_time.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr WallTime now{1'790'000'000'000ms};

QueuePosition behind(std::vector<std::chrono::milliseconds> costs) {
    QueuePosition position{.run_at = now, .cost_expected = 2s};
    for (const auto cost : costs) {
        position.ahead.push_back({Family::video, cost});
    }
    return position;
}

std::chrono::milliseconds until_done(const QueuePosition& position, unsigned slots) {
    return time_until_done(position, Family::video, slots, SpeedLearner(), now);
}

TEST(QueueTime, OneSlotTakesOneAfterTheOther) {
    EXPECT_EQ(until_done(behind({}), 1), 2s);
    EXPECT_EQ(until_done(behind({3s, 5s}), 1), 10s);
}

TEST(QueueTime, TheFirstFreeSlotTakesTheNext) {
    EXPECT_EQ(until_done(behind({3s, 5s}), 2), 5s);
    EXPECT_EQ(until_done(behind({9s, 1s, 1s}), 2), 4s) << "not half of the sum";
    EXPECT_EQ(until_done(behind({3s, 5s}), 3), 2s);
}

TEST(QueueTime, WhatRunsIsAheadWithWhatIsLeftOfIt) {
    auto position = behind({3s});
    position.running.push_back({Family::video, 10s, now - 4s, std::nullopt});
    EXPECT_EQ(until_done(position, 1), 6s + 3s + 2s);
    position.running[0].ends_at = now + 1s;
    EXPECT_EQ(until_done(position, 1), 1s + 3s + 2s);
    position.running[0].ends_at = now - 1s;
    EXPECT_EQ(until_done(position, 1), 3s + 2s);
    position.running[0] = {Family::video, 10s, now - 40s, std::nullopt};
    EXPECT_EQ(until_done(position, 1), 1s + 3s + 2s) << "overdue, and nothing is known";
}

TEST(QueueTime, AJobThatIsPutOffDoesNotBeginBefore) {
    auto position = behind({3s});
    position.run_at = now + 30s;
    EXPECT_EQ(until_done(position, 1), 32s);
}

TEST(QueueTime, GoesByWhatWasLearnedByNow) {
    SpeedLearner speed;
    for (int i = 0; i < 60; ++i) {
        speed.observe(PredictedFrom::size, Family::video, 1s, 3s);
    }
    const auto left = time_until_done(behind({3s, 5s}), Family::video, 1, speed, now);
    EXPECT_NEAR(static_cast<double>(left.count()), 30'000, 300);
}

}  // namespace
}  // namespace sluice
