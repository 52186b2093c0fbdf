#include "media/progress_meter.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using namespace std::chrono_literals;

const std::vector<Step> steps{{StepKind::probe, 5}, {StepKind::encode, 90}, {StepKind::publish, 5}};

TEST(ProgressMeter, GoesByPredictedWork) {
    ProgressMeter meter(steps, 10s, {});
    meter.begin(StepKind::encode);
    EXPECT_EQ(meter.percent(), 5);
    meter.measured(5s, 10s, SteadyTime{} + 1s);
    EXPECT_EQ(meter.percent(), 50);
    meter.begin(StepKind::publish);
    EXPECT_EQ(meter.percent(), 95);
}

TEST(ProgressMeter, NeverFallsAndNeverReachesAHundred) {
    ProgressMeter meter(steps, 10s, {});
    meter.begin(StepKind::encode);
    meter.measured(8s, 10s, SteadyTime{} + 1s);
    const int before = meter.percent();
    meter.measured(2s, 10s, SteadyTime{} + 2s);
    EXPECT_EQ(meter.percent(), before);
    meter.begin(StepKind::publish);
    meter.measured(99s, 10s, SteadyTime{} + 3s);
    EXPECT_EQ(meter.percent(), 99);
}

TEST(ProgressMeter, WhatIsPlayableEarlyDoesNotMakeTheRestDone) {
    ProgressMeter meter(
        {{StepKind::preview, 20},
         {StepKind::encode, 70},
         {StepKind::package, 5},
         {StepKind::poster, 5}},
        100s,
        {}
    );
    meter.begin(StepKind::preview);
    meter.begin(StepKind::package);
    meter.begin(StepKind::poster);
    EXPECT_EQ(meter.percent(), 25);
    EXPECT_EQ(meter.remaining({}), 75s);
    meter.begin(StepKind::encode);
    EXPECT_EQ(meter.percent(), 30);
    meter.begin(StepKind::package);
    EXPECT_EQ(meter.percent(), 95);
}

TEST(ProgressMeter, ShortJobsTrustTheModel) {
    ProgressMeter meter(steps, 10s, {});
    meter.begin(StepKind::encode);
    meter.measured(1s, 3s, SteadyTime{} + 1s);
    meter.measured(2s, 3s, SteadyTime{} + 100s);
    EXPECT_EQ(meter.remaining(SteadyTime{} + 100s), 3500ms);
}

TEST(ProgressMeter, LongJobsTrustTheSpeedOfTheLastSeconds) {
    // The model says 10 s; the machine needs 2 s for each second of a minute.
    ProgressMeter meter(steps, 10s, {});
    meter.begin(StepKind::encode);
    for (int i = 1; i <= 15; ++i) {
        meter.measured(i * 1s, 60s, SteadyTime{} + i * 2s);
    }
    const auto remaining = meter.remaining(SteadyTime{} + 30s);
    EXPECT_GT(remaining, 89s);
    EXPECT_LT(remaining, 92s);
}

}  // namespace
}  // namespace sluice
