#include "base/corrected_clock.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace sluice {
namespace {

using namespace std::chrono_literals;

TEST(CorrectedClock, IsTheSystemsUntilItIsTold) {
    const CorrectedClock clock;
    EXPECT_LT(std::chrono::abs(clock.now() - SystemClock().now()), 10s);
    EXPECT_EQ(clock.offset(), 0ms);
}

TEST(CorrectedClock, GoesOnFromWhatItWasToldLast) {
    CorrectedClock clock;
    for (const std::chrono::milliseconds offset : {72h + 0ms, -2h + 0ms, 0ms}) {
        clock.correct_by(offset);
        const WallTime told = clock.now();
        EXPECT_LT(std::chrono::abs(told - (SystemClock().now() + offset)), 10s);
        EXPECT_EQ(clock.offset(), offset);
        std::this_thread::sleep_for(20ms);
        EXPECT_GE(clock.now() - told, 19ms);
    }
}

}  // namespace
}  // namespace sluice
