#include "store/metadata_store_suite.hpp"

#include <atomic>
#include <set>
#include <thread>
#include <vector>

namespace sluice {

using std::chrono::seconds;

Upload open_upload(std::uint64_t id, std::uint64_t total) {
    return Upload::open({
        .id = {id},
        .owner = alice(),
        .category = Category::tweet_video,
        .category_given = true,
        .media_type = "video/mp4",
        .file_name = "holiday.mp4",
        .protocol = "x2",
        .total = {total},
        .one_shot = false,
        .now = store_test_now,
        .lifetime = std::chrono::hours{24},
    });
}

Segment segment_of(std::uint64_t id, std::uint16_t index, std::uint64_t length) {
    return {
        .index = {index},
        .extent = {{id}, {index * length}, {length}},
        .crc32c = 0xdeadbeef,
        .received_at = store_test_now + seconds{1},
    };
}

NewJob job_of(std::uint64_t id, WallTime run_at) {
    return {
        .id = {id},
        .media = {id},
        .run_at = run_at,
        .cost_expected = seconds{10},
        .lane = Lane::film,
        .rank = run_at,
    };
}

Output output_of(std::uint64_t blob, const std::string& name) {
    return {
        .name = name,
        .content_type = "video/mp4",
        .extent = {{blob}, {0}, {1234}},
        .width = 1280,
        .height = 720,
        .duration_ms = 10'000,
    };
}

Upload MetadataStoreSuite::created(std::uint64_t id, std::uint64_t total) {
    const Upload upload = open_upload(id, total);
    EXPECT_TRUE(store().create(upload));
    return upload;
}

Upload MetadataStoreSuite::stored(std::uint64_t id) {
    auto found = store().find_any({id});
    EXPECT_TRUE(found);
    return found ? found->upload : Upload{};
}

Upload MetadataStoreSuite::queued(std::uint64_t id, WallTime run_at) {
    return queued(job_of(id, run_at));
}

Upload MetadataStoreSuite::queued(const NewJob& job) {
    const std::uint64_t id = job.media.value;
    created(id);
    EXPECT_TRUE(store().add_segment({id}, segment_of(id, 0, 100), {}, store_test_now));
    const auto all = store().find_any({id});
    const Upload next =
        *(*all->upload.sealed(all->segments, store_test_now)).queued(store_test_now);
    EXPECT_TRUE(store().change(next, UploadState::open, job));
    return next;
}

LeasedJob MetadataStoreSuite::claimed(const std::string& holder) {
    auto job = store().claim_job(Lane::film, holder, store_test_now, seconds{30});
    EXPECT_TRUE(job && *job);
    return job && *job ? **job : LeasedJob{};
}

WallTime MetadataStoreSuite::after(std::chrono::milliseconds time) {
    under_test_->pass(time - passed_);
    passed_ = time;
    return store_test_now + time;
}

// --- uploads ---------------------------------------------------------------------------------------

TEST_P(MetadataStoreSuite, DropsSegmentsWhoseBytesAreGoneWhileTheUploadIsOpen) {
    created(7, 100);
    ASSERT_TRUE(store().add_segment({7}, segment_of(7, 0, 40), ByteCount{40}, store_test_now));
    ASSERT_TRUE(store().add_segment({7}, segment_of(7, 1, 40), {}, store_test_now));
    ASSERT_TRUE(store().drop_segments({7}, {{0}, {5}}, store_test_now + seconds{3}));
    const auto left = store().find_any({7});
    EXPECT_EQ(left->upload.received.value, 40u);
    EXPECT_EQ(left->upload.segments_received, 1u);
    EXPECT_EQ(left->segments.size(), 1u);
    EXPECT_TRUE(store().add_segment({7}, segment_of(7, 0, 40), {}, store_test_now));
    EXPECT_EQ(
        code_of(store().drop_segments({9}, {{0}}, store_test_now)), ErrorCode::store_not_found
    );
    ASSERT_TRUE(store().change(*stored(7).cancelled(store_test_now), UploadState::open, {}));
    EXPECT_EQ(
        code_of(store().drop_segments({7}, {{0}}, store_test_now)), ErrorCode::store_conflict
    );
}

TEST_P(MetadataStoreSuite, AnUploadComesBackAsItWasCreated) {
    Upload upload = open_upload(7);
    upload.file_name = "it's \"ünïcode\".mp4";
    upload.media_type = "";
    upload.one_shot = true;
    upload.stride = ByteCount{40};
    upload.content = test_content;
    upload.expires_at = never;
    upload.progress = {.percent = 3, .ends_at = store_test_now, .step = "probe"};
    upload.failure = ProcessingFailure{1, "InvalidMedia", "Truncated", "It ends too early."};
    ASSERT_TRUE(store().create(upload));
    const auto found = store().find(alice(), {7});
    ASSERT_TRUE(found);
    EXPECT_EQ(*found, upload);
}

TEST_P(MetadataStoreSuite, EveryCategoryAndStateComesBack) {
    std::uint64_t id = 100;
    for (int category = 0; category <= static_cast<int>(Category::subtitles); ++category) {
        for (int state = 0; state <= static_cast<int>(UploadState::expired); ++state) {
            Upload upload = open_upload(++id);
            upload.category = static_cast<Category>(category);
            upload.state = static_cast<UploadState>(state);
            upload.finalized_at = state == 0 ? std::nullopt : std::optional(store_test_now);
            ASSERT_TRUE(store().create(upload));
            EXPECT_EQ(stored(id), upload);
        }
    }
}

TEST_P(MetadataStoreSuite, ATakenIdIsAConflict) {
    const Upload first = created(7);
    EXPECT_EQ(code_of(store().create(open_upload(7, 500))), ErrorCode::store_conflict);
    EXPECT_EQ(stored(7), first);
}

TEST_P(MetadataStoreSuite, AnothersUploadDoesNotExist) {
    created(7);
    EXPECT_EQ(code_of(store().find(bob(), {7})), ErrorCode::store_not_found);
    EXPECT_EQ(code_of(store().find_with_segments(bob(), {7})), ErrorCode::store_not_found);
    EXPECT_TRUE(store().find_any({7}));
}

TEST_P(MetadataStoreSuite, AnUnknownIdIsNotFound) {
    EXPECT_EQ(code_of(store().find(alice(), {7})), ErrorCode::store_not_found);
    EXPECT_EQ(code_of(store().find_with_segments(alice(), {7})), ErrorCode::store_not_found);
    EXPECT_EQ(code_of(store().find_any({7})), ErrorCode::store_not_found);
    EXPECT_EQ(code_of(store().extents_of({7})), ErrorCode::store_not_found);
    EXPECT_EQ(code_of(store().outputs({7})), ErrorCode::store_not_found);
    EXPECT_EQ(code_of(store().forget_bytes({7})), ErrorCode::store_not_found);
    EXPECT_EQ(code_of(store().queue_position({7}, store_test_now)), ErrorCode::store_not_found);
    const auto added = store().add_segment({7}, segment_of(7, 0, 10), {}, store_test_now);
    EXPECT_EQ(code_of(added), ErrorCode::store_not_found);
    const auto changed = store().change(open_upload(7), UploadState::open, {});
    EXPECT_EQ(code_of(changed), ErrorCode::store_not_found);
}

TEST_P(MetadataStoreSuite, AOneShotIsThereWithItsSegmentAndItsJob) {
    Upload upload = open_upload(7);
    upload.state = UploadState::queued;
    upload.received = upload.total;
    upload.segments_received = 1;
    const Segment segment = segment_of(7, 0, 100);
    ASSERT_TRUE(store().create_whole(upload, segment, job_of(7, store_test_now)));
    const auto found = store().find_with_segments(alice(), {7});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->upload, upload);
    EXPECT_EQ(found->segments.at({0}), segment);
    EXPECT_EQ(store().totals()->jobs_queued, 1u);
    EXPECT_EQ(
        code_of(store().create_whole(upload, segment, job_of(8, store_test_now))),
        ErrorCode::store_conflict
    );
    EXPECT_EQ(store().totals()->jobs_queued, 1u);
}

TEST_P(MetadataStoreSuite, ListsTheNewestFirstPageByPage) {
    for (const std::uint64_t id : {3, 1, 2, 5, 4}) {
        created(id);
    }
    Upload of_bob = open_upload(6);
    of_bob.owner = bob();
    ASSERT_TRUE(store().create(of_bob));
    const auto first = store().list(alice(), {0}, 2);
    ASSERT_TRUE(first);
    ASSERT_EQ(first->uploads.size(), 2u);
    EXPECT_EQ(first->uploads[0].id.value, 5u);
    EXPECT_EQ(first->uploads[1].id.value, 4u);
    EXPECT_TRUE(first->has_more);
    const auto rest = store().list(alice(), {4}, 3);
    ASSERT_EQ(rest->uploads.size(), 3u);
    EXPECT_EQ(rest->uploads[2].id.value, 1u);
    EXPECT_FALSE(rest->has_more);
}

TEST_P(MetadataStoreSuite, ListsNothingThatIsOver) {
    const Upload upload = created(1);
    created(2);
    ASSERT_TRUE(store().change(*upload.cancelled(store_test_now), UploadState::open, {}));
    const auto page = store().list(alice(), {0}, 10);
    ASSERT_EQ(page->uploads.size(), 1u);
    EXPECT_EQ(page->uploads[0].id.value, 2u);
    EXPECT_FALSE(page->has_more);
}

// --- segments --------------------------------------------------------------------------------------

TEST_P(MetadataStoreSuite, ASegmentIsAddedToTheSums) {
    created(7);
    const auto later = store_test_now + seconds{5};
    ASSERT_TRUE(store().add_segment({7}, segment_of(7, 1, 40), ByteCount{40}, later));
    ASSERT_TRUE(store().add_segment({7}, segment_of(7, 0, 40), ByteCount{99}, later));
    const auto found = store().find_with_segments(alice(), {7});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->upload.received, ByteCount{80});
    EXPECT_EQ(found->upload.segments_received, 2u);
    EXPECT_EQ(found->upload.stride, ByteCount{40}) << "the first stride stays";
    EXPECT_EQ(found->upload.changed_at, later);
    EXPECT_EQ(found->segments.at({1}), segment_of(7, 1, 40));
    EXPECT_EQ(layout_of(found->segments).size(), 1u);
}

TEST_P(MetadataStoreSuite, ATakenIndexIsAConflictAndChangesNothing) {
    created(7);
    ASSERT_TRUE(store().add_segment({7}, segment_of(7, 0, 40), {}, store_test_now));
    const Upload before = stored(7);
    const auto again = store().add_segment({7}, segment_of(7, 0, 30), ByteCount{30}, WallTime{});
    EXPECT_EQ(code_of(again), ErrorCode::store_conflict);
    EXPECT_EQ(stored(7), before);
}

TEST_P(MetadataStoreSuite, MoreThanTheTotalIsAConflict) {
    created(7);
    ASSERT_TRUE(store().add_segment({7}, segment_of(7, 0, 60), {}, store_test_now));
    const auto beyond = store().add_segment({7}, segment_of(7, 1, 41), {}, store_test_now);
    EXPECT_EQ(code_of(beyond), ErrorCode::store_conflict);
    EXPECT_TRUE(store().add_segment({7}, segment_of(7, 1, 40), {}, store_test_now));
}

TEST_P(MetadataStoreSuite, AnUploadThatIsNotOpenTakesNoSegment) {
    queued(7, store_test_now);
    const auto added = store().add_segment({7}, segment_of(7, 1, 0), {}, store_test_now);
    EXPECT_EQ(code_of(added), ErrorCode::store_conflict);
}

TEST_P(MetadataStoreSuite, DifferentSegmentsFromManyThreadsAllArrive) {
    created(7, 16 * 20);
    std::vector<std::jthread> threads;
    std::atomic<int> refused = 0;
    for (std::uint16_t t = 0; t < 16; ++t) {
        threads.emplace_back([this, t, &refused] {
            for (std::uint16_t i = 0; i < 20; ++i) {
                const auto segment = segment_of(7, static_cast<std::uint16_t>(t * 20 + i), 1);
                refused += store().add_segment({7}, segment, {}, store_test_now) ? 0 : 1;
            }
        });
    }
    threads.clear();
    EXPECT_EQ(refused, 0);
    const auto found = store().find_any({7});
    EXPECT_EQ(found->upload.received, found->upload.total);
    EXPECT_EQ(found->segments.size(), 320u);
}

TEST_P(MetadataStoreSuite, TheSameSegmentFromManyThreadsArrivesOnce) {
    created(7);
    std::vector<std::jthread> threads;
    std::atomic<int> accepted = 0;
    std::atomic<int> conflicts = 0;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            const auto added = store().add_segment({7}, segment_of(7, 0, 5), {}, store_test_now);
            ++(added ? accepted : conflicts);
            EXPECT_TRUE(added || added.error().code == ErrorCode::store_conflict);
        });
    }
    threads.clear();
    EXPECT_EQ(accepted, 1);
    EXPECT_EQ(conflicts, 7);
    EXPECT_EQ(stored(7).received, ByteCount{5});
}

// --- change ----------------------------------------------------------------------------------------

TEST_P(MetadataStoreSuite, AChangeReplacesTheRowAndAddsTheJob) {
    const Upload next = queued(7, store_test_now);
    EXPECT_EQ(stored(7), next);
    EXPECT_EQ(store().totals()->jobs_queued, 1u);
}

TEST_P(MetadataStoreSuite, AChangeFromAnOlderCopyLosesNeitherExpiryNorProgress) {
    Upload upload = created(7);
    Upload kept = upload;
    kept.expires_at = never;
    kept.state = UploadState::processing;
    kept.progress.percent = 50;
    ASSERT_TRUE(store().change(kept, UploadState::open, {}));
    Upload older = kept;
    older.expires_at = upload.expires_at;
    older.progress.percent = 40;
    ASSERT_TRUE(store().change(older, UploadState::processing, {}));
    EXPECT_EQ(store().find(alice(), {7})->expires_at, never);
    EXPECT_EQ(store().find(alice(), {7})->progress.percent, 50);
    older.state = UploadState::cancelled;
    older.progress.percent = 0;
    ASSERT_TRUE(store().change(older, UploadState::processing, {}));
    EXPECT_EQ(store().find(alice(), {7})->progress.percent, 0);
}

TEST_P(MetadataStoreSuite, AChangeFromAnotherStateIsAConflict) {
    const Upload upload = created(7);
    const auto changed = store().change(upload, UploadState::sealed, {});
    EXPECT_EQ(code_of(changed), ErrorCode::store_conflict);
    EXPECT_EQ(stored(7), upload);
}

TEST_P(MetadataStoreSuite, AChangeOfAnOpenUploadThatGotASegmentMeanwhileIsAConflict) {
    const Upload seen = created(7);
    ASSERT_TRUE(store().add_segment({7}, segment_of(7, 0, 10), {}, store_test_now));
    const auto changed = store().change(*seen.cancelled(store_test_now), UploadState::open, {});
    EXPECT_EQ(code_of(changed), ErrorCode::store_conflict);
    EXPECT_EQ(stored(7).state, UploadState::open);
}

TEST_P(MetadataStoreSuite, AChangeWhoseJobIsRefusedChangesNothing) {
    queued(7, store_test_now);
    Upload other = created(8);
    other.state = UploadState::queued;
    NewJob job = job_of(8, store_test_now);
    job.id = {7};
    EXPECT_EQ(code_of(store().change(other, UploadState::open, job)), ErrorCode::store_conflict);
    EXPECT_EQ(stored(8).state, UploadState::open);
}

TEST_P(MetadataStoreSuite, WhatWasKeptMeanwhileStaysKept) {
    queued(7, store_test_now);
    const LeasedJob job = claimed("slot");
    const Upload kept = *stored(7).kept(store_test_now);
    ASSERT_TRUE(store().change(kept, UploadState::processing, {}));
    const Upload ready = *job.upload.succeeded(test_content, store_test_now);
    ASSERT_TRUE(store().finish_job(job.id, job.fence, ready, {}));
    EXPECT_EQ(stored(7).expires_at, never);
    EXPECT_EQ(stored(7).state, UploadState::ready);
    EXPECT_EQ(stored(7).content, test_content);
}

TEST_P(MetadataStoreSuite, ProgressMeasuredMeanwhileStays) {
    queued(7, store_test_now);
    const LeasedJob job = claimed("slot");
    const auto lease = seconds{60};
    ASSERT_TRUE(store().heartbeat(job.id, job.fence, {.percent = 60}, store_test_now, lease));
    const Upload kept = *job.upload.kept(store_test_now);
    ASSERT_TRUE(store().change(kept, UploadState::processing, {}));
    EXPECT_EQ(stored(7).progress.percent, 60);
    ASSERT_TRUE(store().heartbeat(job.id, job.fence, {.percent = 70}, store_test_now, lease))
        << "the job stays";
}

// --- expiry and cleaning ---------------------------------------------------------------------------

TEST_P(MetadataStoreSuite, WhatIsOverdueIsFoundOldestFirst) {
    for (const std::uint64_t id : {1, 2, 3, 4, 5}) {
        Upload upload = open_upload(id);
        upload.expires_at = store_test_now - seconds{id};
        upload.state = id == 4   ? UploadState::ready
                       : id == 5 ? UploadState::processing
                                 : UploadState::open;
        ASSERT_TRUE(store().create(upload));
    }
    created(6);
    const auto due = store().due_for_expiry(store_test_now, 10);
    ASSERT_TRUE(due);
    ASSERT_EQ(due->size(), 4u);
    EXPECT_EQ(due->at(0).id.value, 4u);
    EXPECT_EQ(due->at(3).id.value, 1u);
    EXPECT_EQ(store().due_for_expiry(store_test_now, 2)->size(), 2u);
    EXPECT_TRUE(store().due_for_expiry(store_test_now - std::chrono::hours{1}, 10)->empty());
}

TEST_P(MetadataStoreSuite, BytesAreCleanedOnceAndTheTombstoneStays) {
    created(7);
    Segment staged = segment_of(7, 1, 10);
    staged.extent = {{4711}, {0}, {10}};
    Segment empty = segment_of(7, 2, 0);
    empty.extent = {};
    ASSERT_TRUE(store().add_segment({7}, segment_of(7, 0, 10), {}, store_test_now));
    ASSERT_TRUE(store().add_segment({7}, staged, {}, store_test_now));
    ASSERT_TRUE(store().add_segment({7}, empty, {}, store_test_now));
    EXPECT_TRUE(store().due_for_cleaning(10)->empty());
    const Upload gone = *stored(7).cancelled(store_test_now);
    ASSERT_TRUE(store().change(gone, UploadState::open, {}));
    EXPECT_EQ(*store().due_for_cleaning(10), std::vector{MediaId{7}});
    EXPECT_EQ(
        *store().extents_of({7}), (std::vector{Extent{{7}, {0}, stored(7).total}, staged.extent})
    );

    ASSERT_TRUE(store().forget_bytes({7}));
    EXPECT_TRUE(store().due_for_cleaning(10)->empty());
    EXPECT_TRUE(store().extents_of({7})->empty());
    EXPECT_TRUE(store().find_any({7})->segments.empty());
    EXPECT_EQ(stored(7), gone);
}

TEST_P(MetadataStoreSuite, CleaningTakesTheOldestFirst) {
    for (const std::uint64_t id : {1, 2, 3}) {
        const Upload upload = created(id);
        const auto at = store_test_now - seconds{id};
        ASSERT_TRUE(store().change(*upload.cancelled(at), UploadState::open, {}));
    }
    EXPECT_EQ(*store().due_for_cleaning(2), (std::vector{MediaId{3}, MediaId{2}}));
}

}  // namespace sluice
