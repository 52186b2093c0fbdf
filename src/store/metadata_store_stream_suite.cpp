// The part of the suite that is about uploads which come as one stream.
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
    EXPECT_EQ(code_of(store().join(joined, {first, second}, job)), ErrorCode::store_conflict);
    ASSERT_TRUE(store().extend(more_of(8, 0, 0, 20)));
    ASSERT_TRUE(store().join(joined, {first, second}, job));
    EXPECT_EQ(code_of(store().join(joined, {first, second}, job)), ErrorCode::store_conflict);
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
        ASSERT_TRUE(store().join(whole, segments, job_of(id, store_test_now)));
    }
    EXPECT_EQ(*store().usage_of(alice()), (Usage{0, {40}}));
    ASSERT_TRUE(store().change(*stored(8).cancelled(store_test_now), UploadState::queued, {}));
    EXPECT_EQ(*store().usage_of(alice()), (Usage{0, {20}}));
    ASSERT_TRUE(store().change(*stored(9).cancelled(store_test_now), UploadState::queued, {}));
    EXPECT_EQ(*store().usage_of(alice()), (Usage{1, {10}}));
}

}  // namespace sluice
