#include <atomic>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "store/metadata_store_suite.hpp"

namespace sluice {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_P(MetadataStoreSuite, ATakenJobLeavesNothingOfAOneShot) {
    queued(7, store_test_now);
    Upload upload = open_upload(8);
    upload.state = UploadState::queued;
    NewJob job = job_of(8, store_test_now);
    job.id = {7};
    const auto refused = store().create_whole(upload, segment_of(8, 0, 100), job);
    EXPECT_EQ(code_of(refused), ErrorCode::store_conflict);
    EXPECT_EQ(code_of(store().find_any({8})), ErrorCode::store_not_found);
}

TEST_P(MetadataStoreSuite, AnEmptyQueueHasNoJob) {
    const auto job = store().claim_job(Lane::film, "slot", store_test_now, seconds{30});
    ASSERT_TRUE(job);
    EXPECT_FALSE(*job);
}

TEST_P(MetadataStoreSuite, AClaimedJobIsProcessing) {
    queued(7, store_test_now);
    const LeasedJob job = claimed("slot");
    EXPECT_EQ(job.id.value, 7u);
    EXPECT_EQ(job.attempt, 1);
    EXPECT_EQ(job.upload.state, UploadState::processing);
    EXPECT_EQ(job.upload.attempts, 1);
    EXPECT_EQ(job.layout, (std::vector{Extent{{7}, {0}, {100}}}));
    EXPECT_EQ(stored(7), job.upload);
    EXPECT_EQ(store().totals()->jobs_running, 1u);
    EXPECT_EQ(store().totals()->jobs_queued, 0u);
    EXPECT_FALSE(*store().claim_job(Lane::film, "other", store_test_now, seconds{0}));
}

TEST_P(MetadataStoreSuite, TheLowestRankThatMayRunGoesFirst) {
    queued(1, store_test_now + seconds{1});
    queued(2, store_test_now - seconds{1});
    queued(3, store_test_now - seconds{2});
    EXPECT_EQ(claimed("slot").id.value, 3u);
    EXPECT_EQ(claimed("slot").id.value, 2u);
    EXPECT_FALSE(*store().claim_job(Lane::film, "slot", store_test_now, seconds{30}));
}

TEST_P(MetadataStoreSuite, AJobThatNobodyCanDoDoesNotStopTheQueue) {
    const Upload before = queued(1, store_test_now - seconds{2});
    queued(2, store_test_now - seconds{1});
    Upload ready = before;
    ready.state = UploadState::ready;
    ASSERT_TRUE(store().change(ready, UploadState::queued, {})) << "its job stays";
    EXPECT_EQ(claimed("slot").id.value, 2u);
    EXPECT_FALSE(*store().claim_job(Lane::film, "slot", store_test_now, seconds{30}));
}

TEST_P(MetadataStoreSuite, AJobIsClaimedByOneOnly) {
    for (std::uint64_t id = 1; id <= 20; ++id) {
        queued(id, store_test_now);
    }
    std::mutex mutex;
    std::multiset<std::uint64_t> taken;
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            while (true) {
                auto job = store().claim_job(Lane::film, "s", store_test_now, seconds{9});
                if (!job || !*job) {
                    return;
                }
                const std::scoped_lock lock(mutex);
                taken.insert((*job)->id.value);
            }
        });
    }
    threads.clear();
    EXPECT_EQ(taken.size(), 20u);
    EXPECT_EQ(std::set(taken.begin(), taken.end()).size(), 20u);
}

TEST_P(MetadataStoreSuite, AHeartbeatSavesProgressThatNeverFalls) {
    queued(7, store_test_now);
    const LeasedJob job = claimed("slot");
    const auto lease = seconds{60};
    const Progress half{.percent = 50, .ends_at = store_test_now + seconds{5}, .step = "encode"};
    ASSERT_TRUE(store().heartbeat(job.id, job.fence, half, store_test_now, lease));
    EXPECT_EQ(store().find(alice(), {7})->progress, half);
    ASSERT_TRUE(store().heartbeat(
        job.id, job.fence, {.percent = 20, .step = "poster"}, store_test_now, lease
    ));
    EXPECT_EQ(stored(7).progress.percent, 50);
    EXPECT_EQ(stored(7).progress.step, "poster");
    ASSERT_TRUE(store().heartbeat(job.id, job.fence, {.percent = 100}, store_test_now, lease));
    EXPECT_EQ(stored(7).progress.percent, 99);
}

TEST_P(MetadataStoreSuite, AJobDoesNotWaitForAClockThatWasSetBack) {
    queued(7, store_test_now);
    const auto before = store_test_now - std::chrono::hours{1};
    EXPECT_TRUE(*store().claim_job(Lane::film, "slot", before, seconds{30}));
    queued(8, store_test_now);
    const auto soon = store_test_now - std::chrono::minutes{5};
    EXPECT_FALSE(*store().claim_job(Lane::film, "slot", soon, seconds{30})) << "a pause is kept";
}

TEST_P(MetadataStoreSuite, AHeartbeatExtendsTheLease) {
    queued(7, store_test_now);
    const LeasedJob job = claimed("slot");  // until now + 30 s
    ASSERT_TRUE(store().heartbeat(job.id, job.fence, {}, store_test_now, seconds{60}));
    EXPECT_FALSE(*store().claim_job(Lane::film, "other", after(seconds{45}), seconds{30}));
}

TEST_P(MetadataStoreSuite, OutputsMayBeSavedBeforeTheEndAndAreReplacedByIt) {
    queued(7, store_test_now);
    const LeasedJob job = claimed("slot");
    Output early = output_of(71, "180p.mp4");
    early.role = OutputRole::track;
    early.is_copied = true;
    early.placeholder = "mSgKQxBw";
    early.made_at = store_test_now;
    early.crc32c = 0xFEDCBA98;
    ASSERT_TRUE(store().save_outputs(job.id, job.fence, {early}));
    EXPECT_EQ(*store().outputs({7}), std::vector{early});
    EXPECT_TRUE(*store().knows_blob({71}));
    EXPECT_EQ(stored(7).state, UploadState::processing);
    EXPECT_EQ(code_of(store().save_outputs(job.id, job.fence + 1, {})), ErrorCode::store_conflict);
    const auto ready = *stored(7).succeeded({}, store_test_now);
    const std::vector all{output_of(72, "720p.mp4"), early};
    ASSERT_TRUE(store().finish_job(job.id, job.fence, ready, all));
    EXPECT_EQ(*store().outputs({7}), all);
}

TEST_P(MetadataStoreSuite, ALeaseThatRanOutIsTakenOverAndItsHolderCannotFinish) {
    queued(7, store_test_now);
    const LeasedJob lost = claimed("slot");
    EXPECT_FALSE(*store().claim_job(Lane::film, "other", after(seconds{20}), seconds{30}))
        << "not before the lease is over";
    const auto later = after(seconds{31});
    const auto taken = store().claim_job(Lane::film, "other", later, seconds{30});
    ASSERT_TRUE(taken && *taken);
    EXPECT_GT((*taken)->fence, lost.fence);
    EXPECT_EQ((*taken)->attempt, 2);
    EXPECT_EQ((*taken)->upload.attempts, 2);
    const Upload ready = *lost.upload.succeeded(test_content, later);
    EXPECT_EQ(
        code_of(store().heartbeat(lost.id, lost.fence, {}, later, seconds{30})),
        ErrorCode::store_conflict
    );
    EXPECT_EQ(
        code_of(store().finish_job(lost.id, lost.fence, ready, {})), ErrorCode::store_conflict
    );
    EXPECT_EQ(
        code_of(store().release_job(lost.id, lost.fence, later, Counted::as_failure)),
        ErrorCode::store_conflict
    );
    EXPECT_TRUE(store().finish_job(lost.id, (*taken)->fence, ready, {}));
}

TEST_P(MetadataStoreSuite, AFinishedJobLeavesTheUploadWithItsOutputs) {
    queued(7, store_test_now);
    const LeasedJob job = claimed("slot");
    const Upload ready = *job.upload.succeeded(test_content, store_test_now);
    const std::vector outputs{output_of(71, "720p.mp4"), output_of(72, "a-poster.jpg")};
    EXPECT_TRUE(store().outputs({7})->empty());
    ASSERT_TRUE(store().finish_job(job.id, job.fence, ready, outputs));
    EXPECT_EQ(stored(7), ready);
    EXPECT_EQ(*store().outputs({7}), outputs);
    EXPECT_EQ(
        *store().extents_of({7}),
        (std::vector{Extent{{7}, {0}, stored(7).total}, outputs[0].extent, outputs[1].extent})
    );
    EXPECT_EQ(store().totals()->jobs_running, 0u);
    EXPECT_EQ(
        code_of(store().finish_job(job.id, job.fence, ready, outputs)), ErrorCode::store_conflict
    );
}

TEST_P(MetadataStoreSuite, WithoutItsOriginalAnUploadNamesItsOutputsAlone) {
    queued(7, store_test_now);
    const LeasedJob job = claimed("slot");
    const Upload ready = job.upload.succeeded(test_content, store_test_now)->without_original();
    const std::vector outputs{output_of(71, "720p.mp4")};
    const auto before = store().find_any({7})->segments;
    ASSERT_FALSE(before.empty());
    EXPECT_TRUE(*store().knows_blob({7}));
    ASSERT_TRUE(store().finish_job(job.id, job.fence, ready, outputs));
    EXPECT_EQ(stored(7), ready);
    EXPECT_FALSE(*store().knows_blob({7}));
    EXPECT_EQ(
        *store().extents_of({7}), (std::vector{Extent{{7}, {0}, ready.total}, outputs[0].extent})
    ) << "its own blob may still be there: whoever removed it may have died before";
    const auto after = store().find_any({7})->segments;
    ASSERT_EQ(after.size(), before.size());
    for (const auto& [index, segment] : after) {
        EXPECT_EQ(segment.extent.blob, BlobId{});
        EXPECT_EQ(segment.extent.length, before.at(index).extent.length);
        EXPECT_EQ(segment.crc32c, before.at(index).crc32c);
    }
}

TEST_P(MetadataStoreSuite, AFinishedJobMayHaveFailed) {
    queued(7, store_test_now);
    const LeasedJob job = claimed("slot");
    const ProcessingFailure why{1, "InvalidMedia", "Truncated", "The file ends at 5 of 10 s."};
    const Upload failed = *job.upload.failed_with(why, store_test_now);
    ASSERT_TRUE(store().finish_job(job.id, job.fence, failed, {}));
    EXPECT_EQ(stored(7).failure, why);
}

TEST_P(MetadataStoreSuite, AJobFinishesOnlyItsOwnUpload) {
    queued(7, store_test_now);
    const Upload other = created(8);
    const LeasedJob job = claimed("slot");
    EXPECT_EQ(code_of(store().finish_job(job.id, job.fence, other, {})), ErrorCode::store_conflict);
}

TEST_P(MetadataStoreSuite, AReleasedJobWaitsForItsTime) {
    queued(7, store_test_now);
    const LeasedJob job = claimed("slot");
    const auto later = store_test_now + seconds{10};
    ASSERT_TRUE(store().release_job(job.id, job.fence, later, Counted::as_failure));
    EXPECT_EQ(stored(7).state, UploadState::queued);
    EXPECT_EQ(store().totals()->jobs_queued, 1u);
    EXPECT_FALSE(*store().claim_job(Lane::film, "slot", store_test_now, seconds{10}));
    const auto again = store().claim_job(Lane::film, "slot", later, seconds{30});
    ASSERT_TRUE(again && *again);
    EXPECT_EQ((*again)->attempt, 2);
    EXPECT_EQ((*again)->upload.attempts, 2);
    EXPECT_GT((*again)->fence, job.fence);
}

TEST_P(MetadataStoreSuite, AnAttemptMayNotCount) {
    queued(7, store_test_now);
    const LeasedJob job = claimed("slot");
    ASSERT_TRUE(store().release_job(job.id, job.fence, store_test_now, Counted::not_at_all));
    EXPECT_EQ(stored(7).attempts, 0);
    const LeasedJob again = claimed("slot");
    EXPECT_EQ(again.attempt, 1);
    EXPECT_GT(again.fence, job.fence) << "the fence rises all the same";
}

TEST_P(MetadataStoreSuite, TheJobOfACancelledUploadVanishesWithIt) {
    queued(7, store_test_now);
    const LeasedJob job = claimed("slot");
    const Upload gone = *job.upload.cancelled(store_test_now);
    ASSERT_TRUE(store().change(gone, UploadState::processing, {}));
    const auto beat =
        store().heartbeat(job.id, job.fence, {.percent = 50}, store_test_now, seconds{60});
    EXPECT_EQ(code_of(beat), ErrorCode::store_conflict);
    const Upload ready = *job.upload.succeeded(test_content, store_test_now);
    const auto finished = store().finish_job(job.id, job.fence, ready, {output_of(71, "x")});
    EXPECT_EQ(code_of(finished), ErrorCode::store_conflict);
    EXPECT_EQ(stored(7), gone);
    EXPECT_TRUE(store().outputs({7})->empty());
    EXPECT_EQ(store().totals()->jobs_running, 0u);
}

TEST_P(MetadataStoreSuite, TheJobsOfADeadHolderGoBackIntoTheQueue) {
    queued(1, store_test_now);
    queued(2, store_test_now);
    queued(3, store_test_now);
    claimed("dead");
    claimed("dead");
    claimed("alive");
    const auto released = store().release_jobs_of("dead", store_test_now);
    ASSERT_TRUE(released);
    EXPECT_EQ(*released, 2u);
    EXPECT_EQ(store().totals()->jobs_queued, 2u);
    EXPECT_EQ(store().totals()->jobs_running, 1u);
    EXPECT_EQ(stored(1).state, UploadState::queued);
    EXPECT_EQ(stored(3).state, UploadState::processing);
    EXPECT_EQ(claimed("new").attempt, 2);
    EXPECT_EQ(*store().release_jobs_of("nobody", store_test_now), 0u);
}

TEST_P(MetadataStoreSuite, TotalsCountOpenUploads) {
    created(1);
    created(2);
    queued(3, store_test_now);
    const auto totals = store().totals();
    ASSERT_TRUE(totals);
    EXPECT_EQ(totals->uploads_open, 2u);
    EXPECT_EQ(totals->jobs_queued, 1u);
}

}  // namespace sluice
