#include "runtime/stop_signals.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace sluice::runtime {
namespace {

using namespace std::chrono_literals;

TEST(StopSignals, ReportsTheSignalThatCame) {
    StopSignals signals;
    EXPECT_FALSE(signals.wait_for(1ms));
    ::raise(SIGTERM);
    EXPECT_EQ(signals.wait_for(10s), SIGTERM);
    ::raise(SIGINT);
    EXPECT_EQ(signals.wait(), SIGINT);
    EXPECT_FALSE(signals.wait_for(1ms));
}

TEST(StopSignals, EndsTheWaitOnRequest) {
    StopSignals signals;
    signals.request_stop();
    EXPECT_EQ(signals.wait_for(10s), 0);
}

}  // namespace
}  // namespace sluice::runtime
