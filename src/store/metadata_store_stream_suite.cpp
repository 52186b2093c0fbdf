// The part of the suite that is about uploads which come as one stream.
#include <atomic>
#include <thread>
#include <vector>

#include "store/metadata_store_suite.hpp"

namespace sluice {
namespace {

Upload stream_upload(
    std::uint64_t id, UploadKind kind, std::optional<std::uint64_t> total = std::nullopt
) {
    Upload upload = open_upload(id, total.value_or(0));
    upload.stream.kind = kind;
    upload.stream.length_known = total.has_value();
    upload.stream.told = "as it came";
    return upload;
}

Extension more_of(std::uint64_t id, std::uint64_t at, std::uint16_t index, std::uint64_t length) {
    Segment segment = segment_of(id, 0, length);
    segment.index = {index};
    segment.extent.offset = {at};
    return {
        .id = {id},
        .at = {at},
        .segment = segment,
        .total = std::nullopt,
        .expires_at = store_test_now,
        .now = store_test_now,
    };
}

}  // namespace

TEST_P(MetadataStoreSuite, ExtendsAStreamAtItsEndAlone) {
    ASSERT_TRUE(store().create(stream_upload(7, UploadKind::stream, 100)));
    EXPECT_TRUE(store().extend(more_of(7, 0, 0, 40)));
    EXPECT_EQ(code_of(store().extend(more_of(7, 0, 1, 40))), ErrorCode::store_conflict);
    EXPECT_EQ(code_of(store().extend(more_of(7, 40, 1, 61))), ErrorCode::store_conflict);
    EXPECT_EQ(code_of(store().extend(more_of(8, 0, 0, 1))), ErrorCode::store_not_found);
    EXPECT_TRUE(store().extend(more_of(7, 40, 1, 60)));
    const Upload stood = stored(7);
    EXPECT_EQ(stood.received, ByteCount{100});
    EXPECT_EQ(stood.segments_received, 2u);
    EXPECT_EQ(stood.stream.told, "as it came");
    created(9);
    EXPECT_EQ(code_of(store().extend(more_of(9, 0, 0, 1))), ErrorCode::store_conflict);
}

TEST_P(MetadataStoreSuite, TheLastSegmentOfAStreamMayGrow) {
    ASSERT_TRUE(store().create(stream_upload(7, UploadKind::stream, 100)));
    ASSERT_TRUE(store().extend(more_of(7, 0, 0, 40)));
    Extension longer = more_of(7, 40, 0, 55);
    longer.segment->extent.offset = {0};
    longer.segment->crc32c = 77;
    longer.before = {40};
    const Upload shorter = stored(7);
    ASSERT_TRUE(store().extend(longer));
    EXPECT_EQ(code_of(store().change(shorter, UploadState::open, {})), ErrorCode::store_conflict)
        << "it has another offset";
    const auto found = store().find_with_segments(alice(), {7});
    EXPECT_EQ(found->upload.received, ByteCount{55});
    EXPECT_EQ(found->upload.segments_received, 1u);
    ASSERT_EQ(found->segments.size(), 1u);
    EXPECT_EQ(found->segments.at({0}), *longer.segment);
    // It is no longer what it was.
    longer.at = {55};
    EXPECT_EQ(code_of(store().extend(longer)), ErrorCode::store_conflict);
    longer.before = {55};
    longer.segment->extent.length = {101};
    EXPECT_EQ(code_of(store().extend(longer)), ErrorCode::store_conflict);
    longer.segment->extent = {{9}, {0}, {60}};
    EXPECT_EQ(code_of(store().extend(longer)), ErrorCode::store_conflict);
    EXPECT_EQ(stored(7).received, ByteCount{55});
    EXPECT_TRUE(store().extend(more_of(7, 55, 1, 45)));
}

TEST_P(MetadataStoreSuite, ALongerLastSegmentCountsOnceWhileTheLengthIsUnknown) {
    ASSERT_TRUE(store().create(stream_upload(7, UploadKind::stream)));
    ASSERT_TRUE(store().extend(more_of(7, 0, 0, 40)));
    Extension longer = more_of(7, 40, 0, 55);
    longer.segment->extent.offset = {0};
    longer.before = {40};
    longer.owner_bytes_max = {55};
    ASSERT_TRUE(store().extend(longer));
    EXPECT_EQ(stored(7).received, ByteCount{55});
    EXPECT_EQ(stored(7).total, ByteCount{55});
    EXPECT_EQ(store().usage_of(alice())->bytes, ByteCount{55});
}

TEST_P(MetadataStoreSuite, ALengthThatIsToldLaterStaysAndCountsFromThen) {
    ASSERT_TRUE(store().create(stream_upload(7, UploadKind::stream)));
    ASSERT_TRUE(store().extend(more_of(7, 0, 0, 40)));
    EXPECT_EQ(stored(7).total, ByteCount{40});
    EXPECT_EQ(store().usage_of(alice())->bytes, ByteCount{40});
    Extension length = more_of(7, 40, 1, 10);
    length.total = ByteCount{49};
    EXPECT_EQ(code_of(store().extend(length)), ErrorCode::store_conflict);
    length.total = ByteCount{90};
    length.expires_at = store_test_now + std::chrono::hours(1000);
    ASSERT_TRUE(store().extend(length));
    EXPECT_TRUE(stored(7).stream.length_known);
    EXPECT_EQ(stored(7).total, ByteCount{90});
    EXPECT_EQ(stored(7).expires_at, length.expires_at);
    EXPECT_EQ(store().usage_of(alice())->bytes, ByteCount{90});
    Extension other = more_of(7, 50, 2, 1);
    other.total = ByteCount{91};
    EXPECT_EQ(code_of(store().extend(other)), ErrorCode::store_conflict);
    other.segment.reset();
    other.total = ByteCount{90};
    EXPECT_TRUE(store().extend(other));
}

TEST_P(MetadataStoreSuite, RoomIsPromisedFromWhenTheLengthIsTold) {
    ASSERT_TRUE(store().create(stream_upload(7, UploadKind::stream)));
    EXPECT_EQ(store().promised().value(), ByteCount{0});
    Extension length = more_of(7, 0, 0, 0);
    length.segment.reset();
    length.total = ByteCount{90};
    ASSERT_TRUE(store().extend(length));
    EXPECT_EQ(store().promised().value(), ByteCount{90});
    ASSERT_TRUE(store().extend(more_of(7, 0, 0, 40)));
    EXPECT_EQ(store().promised().value(), ByteCount{0});
}

TEST_P(MetadataStoreSuite, JoinsWholePartsWhoseBytesStayWhenTheyGo) {
    ASSERT_TRUE(store().create(stream_upload(7, UploadKind::part, 10)));
    ASSERT_TRUE(store().create(stream_upload(8, UploadKind::part, 20)));
    Upload whole = stream_upload(9, UploadKind::joined);
    whole.stream.parts = {{8}, {7}};
    ASSERT_TRUE(store().create(whole));
    ASSERT_EQ(store().waiting_to_join(alice())->size(), 1u);
    EXPECT_EQ(store().waiting_to_join(alice())->front().stream, whole.stream);
    ASSERT_TRUE(store().extend(more_of(7, 0, 0, 10)));
    Upload joined = whole;
    joined.total = joined.received = {30};
    joined.stream.length_known = true;
    joined.segments_received = 2;
    joined.state = UploadState::queued;
    Segment first = segment_of(8, 0, 20);
    Segment second = segment_of(7, 0, 10);
    second.index = {1};
    const NewJob job = job_of(9, store_test_now);
    EXPECT_EQ(code_of(store().join(joined, {first, second}, job, {})), ErrorCode::store_conflict);
    ASSERT_TRUE(store().extend(more_of(8, 0, 0, 20)));
    ASSERT_TRUE(store().join(joined, {first, second}, job, {}));
    EXPECT_EQ(code_of(store().join(joined, {first, second}, job, {})), ErrorCode::store_conflict);
    EXPECT_EQ(*store().usage_of(alice()), (Usage{0, {30}})) << "the bytes of the parts count once";
    EXPECT_TRUE(store().waiting_to_join(alice())->empty());
    EXPECT_EQ(stored(9).total, ByteCount{30});
    const Extent of_part{{7}, {0}, {10}};
    EXPECT_TRUE(store().is_held_elsewhere({7}, of_part).value());
    EXPECT_TRUE(store().is_held_elsewhere({9}, of_part).value());
    ASSERT_TRUE(store().change(*stored(7).cancelled(store_test_now), UploadState::open, {}));
    ASSERT_TRUE(store().forget_bytes({7}));
    EXPECT_TRUE(store().knows_blob({7}).value());
    EXPECT_FALSE(store().is_held_elsewhere({9}, of_part).value());
    EXPECT_FALSE(store().is_held_elsewhere({9}, Extent{{9}, {0}, {30}}).value());
    EXPECT_EQ(*store().usage_of(alice()), (Usage{0, {30}}));
    ASSERT_TRUE(store().change(*stored(9).cancelled(store_test_now), UploadState::queued, {}));
    EXPECT_EQ(*store().usage_of(alice()), (Usage{1, {20}})) << "the part that is left counts again";
    ASSERT_TRUE(store().change(*stored(8).cancelled(store_test_now), UploadState::open, {}));
    EXPECT_EQ(*store().usage_of(alice()), Usage());
}

TEST_P(MetadataStoreSuite, APartOfTwoJoinedOnesCountsAgainWithTheLastOfThem) {
    ASSERT_TRUE(store().create(stream_upload(7, UploadKind::part, 10)));
    ASSERT_TRUE(store().extend(more_of(7, 0, 0, 10)));
    for (const std::uint64_t id : {8, 9}) {
        Upload whole = stream_upload(id, UploadKind::joined);
        whole.stream.parts = {{7}, {7}};
        ASSERT_TRUE(store().create(whole));
        whole.total = whole.received = {20};
        whole.stream.length_known = true;
        whole.segments_received = 2;
        whole.state = UploadState::queued;
        Segment second = segment_of(7, 0, 10);
        second.index = {1};
        const std::vector<Segment> segments{segment_of(7, 0, 10), second};
        ASSERT_TRUE(store().join(whole, segments, job_of(id, store_test_now), {}));
    }
    EXPECT_EQ(*store().usage_of(alice()), (Usage{0, {40}}));
    ASSERT_TRUE(store().change(*stored(8).cancelled(store_test_now), UploadState::queued, {}));
    EXPECT_EQ(*store().usage_of(alice()), (Usage{0, {20}}));
    ASSERT_TRUE(store().change(*stored(9).cancelled(store_test_now), UploadState::queued, {}));
    EXPECT_EQ(*store().usage_of(alice()), (Usage{1, {10}}));
}

TEST_P(MetadataStoreSuite, AStreamOfUnknownLengthGrowsWithinTheQuota) {
    ASSERT_TRUE(store().create(open_upload(6, 50)));
    ASSERT_TRUE(store().create(stream_upload(7, UploadKind::stream)));
    const auto limited = [](Extension more) {
        more.owner_bytes_max = {100};
        return more;
    };
    EXPECT_TRUE(store().extend(limited(more_of(7, 0, 0, 40))));
    EXPECT_EQ(code_of(store().extend(limited(more_of(7, 40, 1, 11)))), ErrorCode::quota_exceeded);
    EXPECT_EQ(stored(7).received, ByteCount{40}) << "nothing of it stays";
    EXPECT_EQ(store().find_any({7})->segments.size(), 1U);
    Extension length = limited(more_of(7, 40, 1, 5));
    length.total = ByteCount{51};
    EXPECT_EQ(code_of(store().extend(length)), ErrorCode::quota_exceeded);
    EXPECT_FALSE(stored(7).stream.length_known);
    EXPECT_TRUE(store().extend(limited(more_of(7, 40, 1, 10))));
    EXPECT_EQ(*store().usage_of(alice()), (Usage{2, {100}}));
    ASSERT_TRUE(store().change(*stored(6).cancelled(store_test_now), UploadState::open, {}));
    EXPECT_TRUE(store().extend(limited(more_of(7, 50, 2, 50))));
    ASSERT_TRUE(store().change(*stored(7).cancelled(store_test_now), UploadState::open, {}));
    EXPECT_EQ(*store().usage_of(alice()), Usage());
}

TEST_P(MetadataStoreSuite, StreamsThatGrowAtTheSameTimeStayWithinTheQuota) {
    constexpr std::uint64_t count = 8;
    for (std::uint64_t id = 1; id <= count; ++id) {
        ASSERT_TRUE(store().create(stream_upload(id, UploadKind::stream)));
    }
    std::atomic<int> taken = 0;
    std::vector<std::thread> threads;
    for (std::uint64_t id = 1; id <= count; ++id) {
        threads.emplace_back([this, id, &taken] {
            for (std::uint16_t i = 0; i < 4; ++i) {
                Extension more = more_of(id, i * 10U, i, 10);
                more.owner_bytes_max = {155};
                taken += store().extend(more) ? 1 : 0;
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(taken, 15);
    EXPECT_EQ(store().usage_of(alice())->bytes, ByteCount{150});
}

TEST_P(MetadataStoreSuite, JoiningCountsThePartsOnceAndWhatItAddsWithinTheQuota) {
    ASSERT_TRUE(store().create(stream_upload(7, UploadKind::part, 10)));
    ASSERT_TRUE(store().extend(more_of(7, 0, 0, 10)));
    const auto joined = [this](std::uint64_t id, std::uint64_t times) {
        Upload whole = stream_upload(id, UploadKind::joined);
        whole.stream.parts = std::vector<MediaId>(times, {7});
        EXPECT_TRUE(store().create(whole));
        std::vector<Segment> segments;
        for (std::uint16_t i = 0; i < times; ++i) {
            segments.push_back(segment_of(7, 0, 10));
            segments.back().index = {i};
        }
        whole.total = whole.received = {10 * times};
        whole.stream.length_known = true;
        whole.segments_received = static_cast<std::uint32_t>(times);
        whole.state = UploadState::queued;
        return store().join(
            whole, segments, job_of(id, store_test_now), {.bytes_max = ByteCount{15}}
        );
    };
    EXPECT_EQ(code_of(joined(8, 2)), ErrorCode::quota_exceeded);
    EXPECT_EQ(*store().usage_of(alice()), (Usage{2, {10}})) << "the part still counts by itself";
    EXPECT_EQ(stored(8).state, UploadState::open);
    EXPECT_TRUE(store().find_any({8})->segments.empty());
    EXPECT_TRUE(joined(9, 1)) << "the same bytes";
    EXPECT_EQ(*store().usage_of(alice()), (Usage{1, {10}}));
    EXPECT_EQ(code_of(joined(10, 1)), ErrorCode::quota_exceeded) << "its size counts for each";
}

}  // namespace sluice
