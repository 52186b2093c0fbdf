#include "core/placement.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace sluice {
namespace {

constexpr ByteCount total{10};

TEST(Placement, PutsTheFirstSegmentAtZero) {
    EXPECT_EQ(place_of({{0}, {4}, total, std::nullopt}), ByteOffset{0});
}

TEST(Placement, PutsTheLastSegmentAtTheEnd) {
    EXPECT_EQ(place_of({{2}, {2}, total, ByteCount{4}}), ByteOffset{8});
    EXPECT_EQ(place_of({{1}, {9}, total, std::nullopt}), ByteOffset{1});
}

TEST(Placement, TakesTheStrideFromASegmentThatIsNotTheLast) {
    EXPECT_EQ(stride_from({0}, {4}, total), ByteCount{4});
    EXPECT_EQ(stride_from({1}, {4}, total), ByteCount{4});
    EXPECT_FALSE(stride_from({0}, {10}, total));
    EXPECT_FALSE(stride_from({2}, {4}, total));
}

TEST(Placement, GivesUpWhereTheSegmentWouldNotFit) {
    EXPECT_FALSE(place_of({{3}, {4}, total, ByteCount{4}}));
    EXPECT_FALSE(place_of({{0}, {11}, total, std::nullopt}));
}

// Property: a client with equal segments, in any order, is laid out flat but for the one wrong
// guess that is possible (a short last segment that comes before the stride is known).
TEST(Placement, LaysOutEqualSegmentsInAnyOrder) {
    std::mt19937 random(7);
    for (int round = 0; round < 2000; ++round) {
        const std::uint64_t stride = 1 + random() % 50;
        const std::uint64_t whole = stride + random() % 500;
        std::vector<std::uint16_t> order((whole + stride - 1) / stride);
        std::ranges::generate(order, [n = std::uint16_t{0}]() mutable { return n++; });
        std::ranges::shuffle(order, random);
        std::optional<ByteCount> known;
        for (const std::uint16_t index : order) {
            const ByteCount length{std::min(stride, whole - index * stride)};
            const auto place = place_of({{index}, length, {whole}, known});
            const bool is_short_last_first = !known && length.value < stride;
            if (!is_short_last_first) {
                ASSERT_EQ(place, ByteOffset{index * stride})
                    << "seed 7 round " << round << " index " << index;
                known = known ? known : stride_from({index}, length, {whole});
            }
            if (place) {
                ASSERT_LE(place->value + length.value, whole);
            }
        }
    }
}

}  // namespace
}  // namespace sluice
