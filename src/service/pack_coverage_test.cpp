#include "service/pack_coverage.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr std::uint64_t block = 4096;
constexpr BlobId pack{shared_blob_bit | 1};

Extent extent(std::uint64_t at, std::uint64_t length) {
    return {pack, {at}, {length}};
}

TEST(PackCoverage, NothingIsNothing) {
    const auto found = compare({}, {}, block);
    EXPECT_TRUE(found.named_only.empty());
    EXPECT_TRUE(found.held_only.empty());
}

TEST(PackCoverage, TheRestOfALastBlockBelongsToItsPiece) {
    const auto found =
        compare({extent(0, 10), extent(block, block + 1)}, {extent(0, 3 * block)}, block);
    EXPECT_TRUE(found.named_only.empty());
    EXPECT_TRUE(found.held_only.empty());
}

TEST(PackCoverage, WhatNobodyNamesIsToldPieceByPiece) {
    const auto found = compare(
        {extent(block, 10), extent(4 * block, block)},
        {extent(0, 3 * block), extent(4 * block, 2 * block), extent(9 * block, block)},
        block
    );
    EXPECT_TRUE(found.named_only.empty());
    EXPECT_EQ(
        found.held_only,
        (std::vector{
            extent(0, block),
            extent(2 * block, block),
            extent(5 * block, block),
            extent(9 * block, block)
        })
    );
}

TEST(PackCoverage, WhatIsNamedAndNotThereIsALoss) {
    const std::vector named{extent(0, 10), extent(block, 2 * block), extent(5 * block, 1)};
    const auto found = compare(named, {extent(0, 2 * block), extent(4 * block, block)}, block);
    EXPECT_EQ(found.named_only, (std::vector{named[1], named[2]}));
    EXPECT_EQ(found.held_only, std::vector{extent(4 * block, block)});
}

TEST(PackCoverage, APieceMayReachOverAHole) {
    const auto found =
        compare({extent(0, 4 * block)}, {extent(0, block), extent(2 * block, 3 * block)}, block);
    EXPECT_EQ(found.named_only, std::vector{extent(0, 4 * block)});
    EXPECT_EQ(found.held_only, std::vector{extent(4 * block, block)});
}

TEST(PackCoverage, AnEmptyPieceNeedsNothing) {
    const auto found = compare({extent(block, 0)}, {extent(0, 2 * block)}, block);
    EXPECT_TRUE(found.named_only.empty());
    EXPECT_EQ(found.held_only.size(), 2u);
}

}  // namespace
}  // namespace sluice
