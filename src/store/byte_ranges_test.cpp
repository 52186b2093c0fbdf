#include "store/byte_ranges.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace sluice {
namespace {

TEST(ByteRanges, NeighboursDoNotMeet) {
    ByteRanges ranges;
    ranges.add({10}, {10});
    EXPECT_FALSE(ranges.meets({0}, {10}));
    EXPECT_FALSE(ranges.meets({20}, {1}));
    EXPECT_TRUE(ranges.meets({19}, {1}));
    EXPECT_TRUE(ranges.meets({0}, {11}));
    EXPECT_TRUE(ranges.meets({12}, {2}));
    EXPECT_FALSE(ranges.meets({12}, {0}));
}

TEST(ByteRanges, AgreesWithAListOfBytes) {
    std::mt19937 random(7);  // the seed is fixed: every run is the same
    for (int round = 0; round < 200; ++round) {
        ByteRanges ranges;
        std::vector<bool> bytes(64);
        for (int step = 0; step < 12; ++step) {
            const std::uint64_t at = random() % 48;
            const std::uint64_t length = random() % 16;
            bool meets = false;
            for (std::uint64_t i = at; i < at + length; ++i) {
                meets = meets || bytes[i];
            }
            ASSERT_EQ(ranges.meets({at}, {length}), meets) << "round " << round;
            ranges.add({at}, {length});
            std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), length, true);
        }
    }
}

}  // namespace
}  // namespace sluice
