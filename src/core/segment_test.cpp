#include "core/segment.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

Segment segment(
    std::uint16_t index, std::uint64_t blob, std::uint64_t offset, std::uint64_t length
) {
    return {.index = {index}, .extent = {{blob}, {offset}, {length}}};
}

TEST(Layout, JoinsNeighboursInOneBlobSoThatAFlatUploadIsOneExtent) {
    const SegmentMap flat{
        {{0}, segment(0, 7, 0, 4)}, {{1}, segment(1, 7, 4, 4)}, {{2}, segment(2, 7, 8, 1)}
    };
    EXPECT_EQ(layout_of(flat), (std::vector<Extent>{{{7}, {0}, {9}}}));
}

TEST(Layout, FollowsTheIndexNotThePlace) {
    const SegmentMap odd{
        {{0}, segment(0, 7, 4, 4)}, {{1}, segment(1, 9, 0, 4)}, {{2}, segment(2, 7, 0, 4)}
    };
    EXPECT_EQ(
        layout_of(odd), (std::vector<Extent>{{{7}, {4}, {4}}, {{9}, {0}, {4}}, {{7}, {0}, {4}}})
    );
}

TEST(Layout, LeavesOutEmptySegments) {
    const SegmentMap with_empty{{{0}, segment(0, 7, 0, 4)}, {{1}, segment(1, 0, 0, 0)}};
    EXPECT_EQ(layout_of(with_empty).size(), 1U);
}

TEST(Gaps, AreTheIndexesBelowTheHighestOne) {
    const SegmentMap gappy{{{1}, segment(1, 7, 0, 4)}, {{4}, segment(4, 7, 4, 4)}};
    const SegmentGaps gaps = gaps_of(gappy);
    EXPECT_EQ(gaps.arrived, (std::vector<SegmentGaps::Run>{{1, 1}, {4, 4}}));
    EXPECT_EQ(gaps.missing, (std::vector<SegmentIndex>{{0}, {2}, {3}}));
    EXPECT_EQ(gaps.received, ByteCount{8});
}

}  // namespace
}  // namespace sluice
