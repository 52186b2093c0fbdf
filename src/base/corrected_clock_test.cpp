#include "base/corrected_clock.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace sluice {
namespace {

using namespace std::chrono_literals;

const WallTime other{1'700'000'000'000ms};  // what another clock says

TEST(CorrectedClock, IsTheSystemsUntilItIsTold) {
    const CorrectedClock clock;
    EXPECT_LT(std::chrono::abs(clock.now() - SystemClock().now()), 10s);
    EXPECT_EQ(clock.offset(), 0ms);
}

TEST(CorrectedClock, GoesOnFromWhatItWasToldLast) {
    CorrectedClock clock;
    for (const std::chrono::milliseconds offset : {72h + 0ms, -2h + 0ms, 0ms}) {
        clock.count_from(SystemClock().now() + offset - since_start());
        const WallTime told = clock.now();
        EXPECT_LT(std::chrono::abs(told - (SystemClock().now() + offset)), 10s);
        EXPECT_LT(std::chrono::abs(clock.offset() - offset), 10s);
        std::this_thread::sleep_for(20ms);
        EXPECT_GE(clock.now() - told, 19ms);
    }
}

// As a time service does it: between the question and what is made of the answer, and afterwards.
TEST(CorrectedClock, DoesNotGoByTheSystemsWhenThatJumpsInTheMiddle) {
    ManualClock system(other);
    CorrectedClock clock(&system);
    const auto asked = since_start();
    system.advance(72h);
    clock.heard(other, asked, since_start());
    EXPECT_LT(std::chrono::abs(clock.now() - other), 10s);
    EXPECT_LT(std::chrono::abs(clock.offset() + 72h), 10s);
    const WallTime started = clock.started();
    system.advance(-144h);
    EXPECT_LT(std::chrono::abs(clock.now() - other), 10s);
    CorrectedClock of_server(&system);  // what was found when it joined, used when it starts
    of_server.count_from(started);
    EXPECT_LT(std::chrono::abs(of_server.now() - other), 10s);
}

TEST(CorrectedClock, TakesFromASlowAnswerWhatItSaysAndNoMore) {
    CorrectedClock clock;
    const auto begin = since_start();
    clock.heard(other, begin - 20s, begin);  // the first one: nothing is better
    EXPECT_EQ(clock.started(), other - begin + 10s);
    clock.heard(other + 2s, begin + 1s, begin + 1s + 2ms);
    EXPECT_EQ(clock.started(), other - begin + 1s);
    const WallTime known = clock.started();
    for (const auto early : {0s, 15s, 30s}) {  // of the half minute that an answer takes
        clock.heard(known + begin + 100s + early, begin + 100s, begin + 130s);
        EXPECT_EQ(clock.started(), known) << early.count();
    }
    clock.heard(known + begin + 100s + 40s, begin + 100s, begin + 130s);
    EXPECT_EQ(clock.started(), known + 10s) << "the other one was set";
}

}  // namespace
}  // namespace sluice
