#include "store/doubt_store_suite.hpp"

namespace sluice {
namespace {

constexpr WallTime start{std::chrono::milliseconds{1'790'000'000'000}};

Doubt doubt_of(std::uint64_t id, bool is_final, std::string facts = "A sync failed.") {
    return {{id}, is_final, std::move(facts), start};
}

Upload upload_of(std::uint64_t id) {
    return Upload::open({
        .id = {id},
        .owner = {"me"},
        .category = Category::tweet_video,
        .total = {100},
        .now = start,
        .lifetime = std::chrono::hours(1),
    });
}

}  // namespace

TEST_P(DoubtStoreSuite, GivesBackFinalOnesWholeAndCountsTheOthers) {
    ASSERT_TRUE(store().add(doubt_of(1, true, "The disk failed.")));
    ASSERT_TRUE(store().add(doubt_of(2, false)));
    EXPECT_EQ(store().finals().value(), std::vector{doubt_of(1, true, "The disk failed.")});
    EXPECT_EQ(store().unchecked(10).value(), std::vector{MediaId{2}});
    EXPECT_FALSE(store().is_unchecked({1}).value());
    EXPECT_TRUE(store().is_unchecked({2}).value());
    EXPECT_FALSE(store().is_unchecked({3}).value());
}

TEST_P(DoubtStoreSuite, AFinalOneTakesThePlaceOfAnUncheckedOneAndNotTheOtherWayRound) {
    ASSERT_TRUE(store().add(doubt_of(1, false, "first")));
    ASSERT_TRUE(store().add(doubt_of(1, true, "second")));
    ASSERT_TRUE(store().add(doubt_of(1, false, "third")));
    ASSERT_TRUE(store().add(doubt_of(1, true, "fourth")));
    EXPECT_EQ(store().finals().value(), std::vector{doubt_of(1, true, "second")});
    EXPECT_TRUE(store().unchecked(10)->empty());
}

TEST_P(DoubtStoreSuite, OnlyAnUncheckedOneIsSettled) {
    ASSERT_TRUE(store().add(doubt_of(1, true)));
    ASSERT_TRUE(store().add(doubt_of(2, false)));
    ASSERT_TRUE(store().settle({1}));
    ASSERT_TRUE(store().settle({2}));
    ASSERT_TRUE(store().settle({3}));
    EXPECT_EQ(store().finals()->size(), 1u);
    EXPECT_TRUE(store().unchecked(10)->empty());
    ASSERT_TRUE(store().forget({1}));
    EXPECT_TRUE(store().finals()->empty());
}

TEST_P(DoubtStoreSuite, DoubtsEveryOpenUploadThatHasSegmentsNewestFirst) {
    for (const std::uint64_t id : {1, 2, 3, 4}) {
        ASSERT_TRUE(uploads().create(upload_of(id)));
    }
    for (const std::uint64_t id : {1, 3, 4}) {
        const Segment segment{{0}, {{id}, {0}, {10}}, 7, start};
        ASSERT_TRUE(uploads().add_segment({id}, segment, std::nullopt, start));
    }
    Upload over = uploads().find_any({4})->upload;
    over.state = UploadState::cancelled;
    ASSERT_TRUE(uploads().change(over, UploadState::open, std::nullopt));
    EXPECT_EQ(store().add_open("The machine stopped.", start, 10).value(), 2u);
    EXPECT_EQ(store().unchecked(10).value(), (std::vector{MediaId{3}, MediaId{1}}));
    EXPECT_EQ(store().unchecked(1).value(), std::vector{MediaId{3}});
    EXPECT_EQ(store().add_open("again", start, 10).value(), 2u);
    ASSERT_TRUE(store().settle_all());
    EXPECT_EQ(store().add_open("only the newest", start, 1).value(), 1u);
    EXPECT_EQ(store().unchecked(10).value(), std::vector{MediaId{3}});
}

TEST_P(DoubtStoreSuite, TheNewestThatHaveSegmentsMayBeOlderThanManyThatHaveNone) {
    for (std::uint64_t id = 1; id <= 40; ++id) {
        ASSERT_TRUE(uploads().create(upload_of(id)));
    }
    for (const std::uint64_t id : {1, 2, 3, 39}) {
        const Segment segment{{0}, {{id}, {0}, {10}}, 7, start};
        ASSERT_TRUE(uploads().add_segment({id}, segment, std::nullopt, start));
    }
    EXPECT_EQ(store().add_open("The machine stopped.", start, 1).value(), 1u);
    EXPECT_EQ(store().unchecked(10).value(), std::vector{MediaId{39}});
    EXPECT_EQ(store().add_open("again, and more of it", start, 3).value(), 3u);
    EXPECT_EQ(store().unchecked(10).value(), (std::vector{MediaId{39}, MediaId{3}, MediaId{2}}));
}

}  // namespace sluice
