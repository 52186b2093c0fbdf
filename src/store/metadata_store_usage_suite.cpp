// The part of the suite that is about usage and quotas, and about which blobs are named.
#include <atomic>
#include <thread>
#include <vector>

#include "store/metadata_store_suite.hpp"

namespace sluice {

TEST_P(MetadataStoreSuite, TellsTheNewestNumberThatAnythingCarries) {
    EXPECT_EQ(store().newest_number().value(), 0u);
    created(7);
    EXPECT_EQ(store().newest_number().value(), 7u);
    const auto add = [this](std::uint16_t index, BlobId blob) {
        Segment segment = segment_of(7, index, 10);
        segment.extent.blob = blob;
        EXPECT_TRUE(store().add_segment({7}, segment, {}, store_test_now));
    };
    add(0, {shared_blob_bit | 900});
    EXPECT_EQ(store().newest_number().value(), 7u);
    add(1, {30});
    EXPECT_EQ(store().newest_number().value(), 30u);
    queued(8, store_test_now);
    const LeasedJob job = claimed("slot");
    const Upload ready = *job.upload.succeeded(test_content, store_test_now);
    ASSERT_TRUE(store().finish_job(job.id, job.fence, ready, {output_of(50, "video.mp4")}));
    EXPECT_EQ(store().newest_number().value(), 50u);
    NewJob later = job_of(9, store_test_now);
    later.id = {60};
    Upload whole = open_upload(9);
    whole.state = UploadState::queued;
    ASSERT_TRUE(store().create_whole(whole, segment_of(9, 0, 100), later));
    EXPECT_EQ(store().newest_number().value(), 60u);
}

TEST_P(MetadataStoreSuite, KeepsSeveralOrNone) {
    const Upload first = created(7);
    created(8);
    created(9);
    ASSERT_TRUE(store().change(*stored(9).cancelled(store_test_now), UploadState::open, {}));
    EXPECT_EQ(
        code_of(store().keep_all({{7}, {8}, {9}}, store_test_now)), ErrorCode::store_conflict
    );
    EXPECT_EQ(code_of(store().keep_all({{7}, {10}}, store_test_now)), ErrorCode::store_not_found);
    EXPECT_EQ(code_of(store().keep_all({{7}, {8}}, first.expires_at)), ErrorCode::store_conflict);
    EXPECT_EQ(stored(7).expires_at, first.expires_at);
    ASSERT_TRUE(store().keep_all({{7}, {8}}, store_test_now));
    EXPECT_EQ(stored(7).expires_at, never);
    EXPECT_EQ(stored(8).expires_at, never);
}

TEST_P(MetadataStoreSuite, WhatWasKeptMeanwhileDoesNotExpire) {
    const Upload before = created(7);
    ASSERT_TRUE(store().change(*before.kept(store_test_now), UploadState::open, {}));
    const Upload expired = *before.expired(before.expires_at);
    EXPECT_EQ(code_of(store().change(expired, UploadState::open, {})), ErrorCode::store_conflict);
    EXPECT_EQ(stored(7).state, UploadState::open);
    ASSERT_TRUE(store().change(*stored(7).cancelled(store_test_now), UploadState::open, {}));
}

TEST_P(MetadataStoreSuite, CountsWhatAnOwnerUses) {
    EXPECT_EQ(*store().usage_of(alice()), Usage());
    created(1, 100);
    created(2, 30);
    queued(3, store_test_now);
    EXPECT_EQ(*store().usage_of(alice()), (Usage{2, {230}}));
    EXPECT_EQ(*store().usage_of(bob()), Usage());
    ASSERT_TRUE(store().change(*stored(1).cancelled(store_test_now), UploadState::open, {}));
    EXPECT_EQ(*store().usage_of(alice()), (Usage{1, {130}}));
    ASSERT_TRUE(store().forget_bytes({1}));
    EXPECT_EQ(*store().usage_of(alice()), (Usage{1, {130}}));
    const auto oldest = store().oldest_open(alice(), 3);
    ASSERT_TRUE(oldest);
    ASSERT_EQ(oldest->size(), 1U);
    EXPECT_EQ(oldest->front().id.value, 2U);
}

TEST_P(MetadataStoreSuite, RefusesWhatTheQuotaLeavesNoRoomFor) {
    const Quota quota{.uploads_open_max = 2, .bytes_max = {250}};
    EXPECT_TRUE(store().create(open_upload(1), quota));
    EXPECT_TRUE(store().create(open_upload(2), quota));
    EXPECT_EQ(code_of(store().create(open_upload(3), quota)), ErrorCode::too_many_open_uploads);
    ASSERT_TRUE(store().change(*stored(1).cancelled(store_test_now), UploadState::open, {}));
    EXPECT_EQ(code_of(store().create(open_upload(3, 151), quota)), ErrorCode::quota_exceeded);
    EXPECT_TRUE(store().create(open_upload(3, 150), quota));
}

TEST_P(MetadataStoreSuite, CountsWhatOpenUploadsWithoutASegmentWerePromised) {
    EXPECT_EQ(store().promised()->value, 0u);
    created(1, 100);
    created(2, 30);
    queued(3, store_test_now);
    EXPECT_EQ(store().promised()->value, 130u);
    ASSERT_TRUE(store().add_segment({1}, segment_of(1, 0, 40), {}, store_test_now));
    ASSERT_TRUE(store().add_segment({1}, segment_of(1, 1, 40), {}, store_test_now));
    EXPECT_EQ(store().promised()->value, 30u) << "its first segment reserved the rest on the disk";
    ASSERT_TRUE(store().drop_segments({1}, {{0}, {1}}, store_test_now));
    EXPECT_EQ(store().promised()->value, 130u);
    ASSERT_TRUE(store().change(*stored(1).cancelled(store_test_now), UploadState::open, {}));
    EXPECT_EQ(store().promised()->value, 30u);
}

TEST_P(MetadataStoreSuite, WalksAllUploadsWhoseBytesAreThere) {
    for (const std::uint64_t id : {1, 2, 3}) {
        created(id, 100);
    }
    ASSERT_TRUE(store().change(*stored(2).cancelled(store_test_now), UploadState::open, {}));
    ASSERT_TRUE(store().forget_bytes({2}));
    const auto first = store().with_bytes({0}, 1);
    ASSERT_EQ(first->size(), 1u);
    EXPECT_EQ(first->front().id.value, 1u);
    const auto rest = store().with_bytes({1}, 10);
    ASSERT_EQ(rest->size(), 1u);
    EXPECT_EQ(rest->front().id.value, 3u);
}

TEST_P(MetadataStoreSuite, PromisesNoMoreThanThereIsRoomFor) {
    CreateTerms terms;
    terms.room = ByteCount{150};
    EXPECT_TRUE(store().create(open_upload(1, 100), terms));
    EXPECT_EQ(code_of(store().create(open_upload(2, 51), terms)), ErrorCode::storage_full);
    EXPECT_TRUE(store().create(open_upload(2, 50), terms));
    EXPECT_EQ(code_of(store().create(open_upload(3, 1), terms)), ErrorCode::storage_full);
}

TEST_P(MetadataStoreSuite, AKeyIsTakenOnceByEachOwnerUntilItsUploadIsOver) {
    CreateTerms terms;
    terms.repeat = RepeatKey{"key", "asked"};
    ASSERT_TRUE(store().create(open_upload(1), terms));
    EXPECT_EQ(code_of(store().create(open_upload(2), terms)), ErrorCode::store_conflict);
    EXPECT_EQ(code_of(store().find_any({2})), ErrorCode::store_not_found);
    EXPECT_FALSE(store().find_repeat(bob(), "key", store_test_now)->has_value());
    EXPECT_FALSE(store().find_repeat(alice(), "other", store_test_now)->has_value());
    const auto found = store().find_repeat(alice(), "key", store_test_now);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->upload.value, 1u);
    EXPECT_EQ((*found)->asked, "asked");
    const auto later = store_test_now + std::chrono::hours(25);
    EXPECT_FALSE(store().find_repeat(alice(), "key", later)->has_value());
    ASSERT_TRUE(store().change(*stored(1).cancelled(store_test_now), UploadState::open, {}));
    EXPECT_FALSE(store().find_repeat(alice(), "key", store_test_now)->has_value());
    EXPECT_TRUE(store().create(open_upload(2), terms));
    EXPECT_EQ((*store().find_repeat(alice(), "key", store_test_now))->upload.value, 2u);
    ASSERT_TRUE(store().change(*stored(2).cancelled(store_test_now), UploadState::open, {}));
    ASSERT_TRUE(store().forget_bytes({1}));
    ASSERT_TRUE(store().forget_bytes({2}));
}

TEST_P(MetadataStoreSuite, CallsUnderOneKeyAtTheSameTimeMakeOneUpload) {
    CreateTerms terms;
    terms.repeat = RepeatKey{"key", "asked"};
    std::atomic<int> made = 0;
    std::vector<std::thread> threads;
    for (std::uint64_t id = 1; id <= 8; ++id) {
        threads.emplace_back([&, id] { made += store().create(open_upload(id), terms) ? 1 : 0; });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(made, 1);
}

TEST_P(MetadataStoreSuite, KeepsTheQuotaAmongCallsAtTheSameTime) {
    std::atomic<int> taken = 0;
    std::vector<std::thread> threads;
    for (std::uint64_t id = 1; id <= 16; ++id) {
        threads.emplace_back([this, id, &taken] {
            taken += store().create(open_upload(id), Quota{.uploads_open_max = 5}) ? 1 : 0;
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(taken, 5);
}

TEST_P(MetadataStoreSuite, TellsWhatAllUploadsHaveInASharedBlob) {
    const BlobId pack{shared_blob_bit | 5};
    const auto add = [this](std::uint64_t upload, std::uint16_t index, const Extent& extent) {
        Segment segment = segment_of(upload, index, extent.length.value);
        segment.extent = extent;
        EXPECT_TRUE(store().add_segment({upload}, segment, {}, store_test_now));
    };
    created(7);
    created(8);
    const Extent first{pack, {0}, {10}};
    const Extent second{pack, {4096}, {20}};
    add(8, 0, second);
    add(7, 0, first);
    add(7, 1, {{shared_blob_bit | 6}, {4096}, {30}});
    EXPECT_EQ(*store().extents_in(pack), (std::vector{first, second}));
    ASSERT_TRUE(store().change(*stored(7).cancelled(store_test_now), UploadState::open, {}));
    EXPECT_EQ(*store().extents_in(pack), (std::vector{first, second})) << "the bytes are there yet";
    ASSERT_TRUE(store().forget_bytes({7}));
    EXPECT_EQ(*store().extents_in(pack), std::vector{second});
    EXPECT_TRUE(store().extents_in({shared_blob_bit | 9})->empty());
}

TEST_P(MetadataStoreSuite, ListsEverybodysWhereAsked) {
    created(1);
    created(2);
    created(3);
    Upload of_bob = open_upload(4);
    of_bob.owner = bob();
    ASSERT_TRUE(store().create(of_bob));
    ASSERT_TRUE(store().change(*stored(2).cancelled(store_test_now), UploadState::open, {}));
    const auto first = store().list_all({0}, 2);
    ASSERT_TRUE(first);
    ASSERT_EQ(first->uploads.size(), 2u);
    EXPECT_EQ(first->uploads[0].owner, bob());
    EXPECT_EQ(first->uploads[1].id.value, 3u);
    EXPECT_TRUE(first->has_more);
    const auto rest = store().list_all({3}, 2);
    ASSERT_EQ(rest->uploads.size(), 1u);
    EXPECT_EQ(rest->uploads[0].id.value, 1u);
    EXPECT_FALSE(rest->has_more);
}

TEST_P(MetadataStoreSuite, KnowsTheBlobsThatAreNamedAndNoOthers) {
    queued(7, store_test_now);
    created(8);
    Segment staged = segment_of(8, 0, 10);
    staged.extent.blob = {80};
    ASSERT_TRUE(store().add_segment({8}, staged, {}, store_test_now));
    const LeasedJob job = claimed("slot");
    const Upload ready = *job.upload.succeeded(test_content, store_test_now);
    ASSERT_TRUE(store().finish_job(job.id, job.fence, ready, {output_of(90, "720p.mp4")}));
    for (const std::uint64_t known : {7, 8, 80, 90}) {
        EXPECT_TRUE(*store().knows_blob({known})) << known;
    }
    EXPECT_FALSE(*store().knows_blob({9}));
    EXPECT_FALSE(*store().knows_blob({0}));
    auto named = *store().named_among({{90}, {9}, {7}, {0}, {80}, {8}, {91}});
    std::ranges::sort(named);
    EXPECT_EQ(named, (std::vector<BlobId>{{7}, {8}, {80}, {90}}));
    EXPECT_TRUE(store().named_among({})->empty());
    ASSERT_TRUE(store().forget_bytes({7}));
    EXPECT_FALSE(*store().knows_blob({7}));
    EXPECT_FALSE(*store().knows_blob({90}));
    EXPECT_EQ(*store().named_among({{7}, {80}, {90}}), std::vector<BlobId>{{80}});
}

}  // namespace sluice
