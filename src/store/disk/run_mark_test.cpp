#include "store/disk/run_mark.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "store/temporary_folder.hpp"

namespace sluice {
namespace {

TEST(RunMark, AFirstStartHasNothingToCheck) {
    const TemporaryFolder folder;
    const auto last = RunMark(folder.path()).begin(true);
    ASSERT_TRUE(last);
    EXPECT_FALSE(last->lost_power());
    EXPECT_FALSE(last->left_unsynced());
}

TEST(RunMark, AnOrderlyStopIsSeenByTheNext) {
    const TemporaryFolder folder;
    RunMark first(folder.path());
    ASSERT_TRUE(first.begin(false));
    ASSERT_TRUE(first.recovered());
    ASSERT_TRUE(first.end());
    EXPECT_TRUE(RunMark(folder.path()).begin(true)->ended_cleanly);
}

TEST(RunMark, AKilledServerLeavesItsPagesToTheSameBoot) {
    const TemporaryFolder folder;
    ASSERT_TRUE(RunMark(folder.path()).begin(false));
    const auto last = RunMark(folder.path()).begin(true);
    ASSERT_TRUE(last);
    EXPECT_FALSE(last->ended_cleanly);
    EXPECT_FALSE(last->lost_power());
    EXPECT_TRUE(last->left_unsynced());
}

TEST(RunMark, AnotherBootWithoutAnOrderlyStopIsALossOfPower) {
    const TemporaryFolder folder;
    std::ofstream(folder.path("run")) << "boot another\ndurability relaxed\nstate running\n";
    const auto last = RunMark(folder.path()).begin(true);
    ASSERT_TRUE(last);
    EXPECT_TRUE(last->lost_power());
    EXPECT_FALSE(last->was_strict);
    EXPECT_FALSE(parse_run_mark("boot a\ndurability strict\nstate stopped\n", "b").lost_power());
}

TEST(RunMark, ALossOfPowerIsKnownUntilItIsMadeGood) {
    const TemporaryFolder folder;
    std::ofstream(folder.path("run")) << "boot another\ndurability relaxed\nstate running\n";
    // Starts that die, or give up, before they know what was lost.
    ASSERT_TRUE(RunMark(folder.path()).begin(true));
    RunMark gives_up(folder.path());
    ASSERT_TRUE(gives_up.begin(true));
    ASSERT_TRUE(gives_up.end());
    RunMark recovers(folder.path());
    EXPECT_TRUE(recovers.begin(true)->lost_power());
    ASSERT_TRUE(recovers.recovered());
    EXPECT_FALSE(RunMark(folder.path()).begin(true)->lost_power());
}

}  // namespace
}  // namespace sluice
