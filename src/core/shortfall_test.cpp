#include "core/shortfall.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

SegmentMap segments(std::initializer_list<std::pair<int, std::uint64_t>> lengths) {
    SegmentMap map;
    for (const auto& [number, length] : lengths) {
        const SegmentIndex index{static_cast<std::uint16_t>(number)};
        map[index] = Segment{.index = index, .extent = {{7}, {}, {length}}};
    }
    return map;
}

std::string gaps(const SegmentMap& map, std::uint64_t total) {
    return gaps_text(map, gaps_of(map), {total});
}

TEST(Shortfall, NamesEachGapWithItsPlaceWhenTheSegmentsAreOfOneLength) {
    EXPECT_EQ(
        gaps(segments({{0, 100}, {1, 100}, {2, 100}, {4, 100}, {7, 50}}), 750),
        "Segments 3, 5, 6 are missing; 450 of 750 bytes arrived. Missing are 100 bytes from offset "
        "300 (3), 200 bytes from offset 500 (5-6)."
    );
}

TEST(Shortfall, NamesASingleGapWithItsPlaceWhateverTheLengths) {
    EXPECT_EQ(
        gaps(segments({{0, 100}, {1, 30}, {3, 70}}), 250),
        "Segment 2 is missing; 200 of 250 bytes arrived. Missing are 50 bytes from offset 130 (2)."
    );
}

TEST(Shortfall, SeesThatTheSegmentsWereCountedFromOne) {
    EXPECT_EQ(
        gaps(segments({{1, 100}, {2, 100}}), 200),
        "Segment 0 is missing, 1-2 are there, and all bytes arrived: the segments were counted "
        "from 1: count from 0."
    );
    EXPECT_TRUE(gaps(segments({{1, 100}, {2, 100}}), 300).contains("100 bytes from offset 0"));
}

TEST(Shortfall, TellsACutLastSegmentFromOnesThatDidNotCome) {
    EXPECT_EQ(
        too_few_text(segments({{0, 100}, {1, 100}, {2, 40}}), {240}, {260}),
        "240 of 260 announced bytes arrived in segments 0-2: 20 bytes are missing. The last "
        "segment "
        "(2) has 40 bytes, the others 100 each: it was cut."
    );
    EXPECT_TRUE(
        too_few_text(segments({{0, 100}, {1, 100}}), {200}, {450})
            .ends_with("Every segment has 100 bytes, so 3 segments from index 2 on did not come.")
    );
}

TEST(Shortfall, SeesTheLengthOfABase64TextWithAndWithoutLines) {
    for (const std::uint64_t announced : {1336U, 1334U, 1354U, 1372U}) {
        EXPECT_TRUE(is_base64_length({announced}, {1000})) << announced;
    }
    EXPECT_FALSE(is_base64_length({1300}, {1000}));
    EXPECT_FALSE(is_base64_length({1001}, {1000}));
}

TEST(Shortfall, ListsRunsOfIndexesShortly) {
    EXPECT_EQ(index_list({{0}, {1}, {3}, {5}, {6}, {7}}), "0, 1, 3, 5-7");
}

}  // namespace
}  // namespace sluice
