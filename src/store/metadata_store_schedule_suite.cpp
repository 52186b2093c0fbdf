// In what order jobs run, and what is told of it.
#include "store/metadata_store_suite.hpp"

namespace sluice {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr auto lease = seconds{300};

NewJob quick_job(std::uint64_t id) {
    NewJob job = job_of(id, store_test_now);
    job.lane = Lane::quick;
    return job;
}

}  // namespace

TEST_P(MetadataStoreSuite, ALaneTakesOnlyItsOwn) {
    queued(1, store_test_now);
    queued(quick_job(2));
    const auto quick = store().claim_job(Lane::quick, "s", store_test_now, lease);
    ASSERT_TRUE(quick && *quick);
    EXPECT_EQ((*quick)->id.value, 2u);
    EXPECT_FALSE(*store().claim_job(Lane::quick, "s", store_test_now, lease));
    EXPECT_EQ(claimed("s").id.value, 1u);
}

TEST_P(MetadataStoreSuite, TheRankDecidesAndNotTheTimeOfArrival) {
    NewJob long_one = job_of(1, store_test_now - seconds{9});
    long_one.rank = store_test_now + seconds{100};
    queued(long_one);
    queued(2, store_test_now);
    const LeasedJob first = claimed("s");
    EXPECT_EQ(first.id.value, 2u);
    EXPECT_EQ(first.cost_expected, seconds{10});
    EXPECT_EQ(claimed("s").id.value, 1u);
}

TEST_P(MetadataStoreSuite, HowAttemptsEndedIsRemembered) {
    queued(7, store_test_now);
    LeasedJob job = claimed("s");
    EXPECT_EQ(job.failures + job.crashes + job.interruptions(), 0);
    ASSERT_TRUE(store().release_job(job.id, job.fence, store_test_now, Counted::as_crash));
    job = claimed("s");
    ASSERT_TRUE(store().release_job(job.id, job.fence, store_test_now, Counted::as_failure));
    job = claimed("s");
    ASSERT_TRUE(store().release_job(job.id, job.fence, store_test_now, Counted::not_at_all));
    claimed("s");
    ASSERT_EQ(*store().release_jobs_of("s", store_test_now), 1u);
    job = claimed("s");
    EXPECT_EQ(job.crashes, 1);
    EXPECT_EQ(job.failures, 1);
    EXPECT_EQ(job.interruptions(), 1);
    EXPECT_EQ(job.attempt, 4);
}

// The number of the job; 0: none may begin.
std::uint64_t MetadataStoreSuite::begun(Lane lane, WallTime now, const std::string& holder) {
    const auto job = store().claim_job(lane, holder, now, lease);
    EXPECT_TRUE(job);
    last_ = job && *job ? **job : LeasedJob{};
    return last_.id.value;
}

// A server died with jobs 1, 2 (films) and 3 (quick) at work; 4 and 5 had waited.
void MetadataStoreSuite::a_server_died() {
    queued(1, store_test_now - seconds{4});
    queued(2, store_test_now - seconds{3});
    queued(quick_job(3));
    ASSERT_EQ(begun(Lane::film, store_test_now), 1u);
    ASSERT_EQ(begun(Lane::film, store_test_now), 2u);
    ASSERT_EQ(begun(Lane::quick, store_test_now), 3u);
    queued(4, store_test_now - seconds{9});
    queued(quick_job(5));
    ASSERT_EQ(*store().release_jobs_of("s", store_test_now), 3u);
}

TEST_P(MetadataStoreSuite, WhatRanWhenAServerDiedRunsOneByOneWithNothingBesideIt) {
    a_server_died();
    EXPECT_EQ(begun(Lane::quick, store_test_now), 0u) << "a film is first";
    ASSERT_EQ(begun(Lane::film, store_test_now), 1u);
    const LeasedJob first = last_;
    EXPECT_EQ(begun(Lane::film, store_test_now), 0u);
    EXPECT_EQ(begun(Lane::quick, store_test_now), 0u);
    const Upload ready = *first.upload.succeeded(test_content, store_test_now);
    ASSERT_TRUE(store().finish_job(first.id, first.fence, ready, {}));
    EXPECT_EQ(begun(Lane::quick, store_test_now), 0u);
    ASSERT_EQ(begun(Lane::film, store_test_now), 2u);
    ASSERT_TRUE(store().release_job(last_.id, last_.fence, store_test_now, Counted::as_failure));
    EXPECT_EQ(begun(Lane::film, store_test_now), 0u) << "the quick one has not had its turn";
    ASSERT_EQ(begun(Lane::quick, store_test_now), 3u);
    const LeasedJob quick = last_;
    EXPECT_EQ(begun(Lane::quick, store_test_now), 0u);
    const Upload done = *quick.upload.succeeded(test_content, store_test_now);
    ASSERT_TRUE(store().finish_job(quick.id, quick.fence, done, {}));
    EXPECT_EQ(begun(Lane::quick, store_test_now), 5u) << "as ever";
    EXPECT_EQ(begun(Lane::film, store_test_now), 4u);
    EXPECT_EQ(begun(Lane::film, store_test_now), 2u) << "no suspect any more";
}

TEST_P(MetadataStoreSuite, ASuspectThatSurvivesForAWhileIsNoDanger) {
    a_server_died();
    ASSERT_EQ(begun(Lane::film, store_test_now), 1u);
    const auto later = store_test_now + alone_max;
    EXPECT_EQ(begun(Lane::quick, later - milliseconds{1}), 0u);
    ASSERT_EQ(begun(Lane::quick, later), 3u) << "the suspects of its own lane first";
    EXPECT_EQ(begun(Lane::film, later), 0u) << "and this one alone again";
}

TEST_P(MetadataStoreSuite, ASuspectRunsAloneOnItsNodeAndStopsNoOther) {
    a_server_died();
    ASSERT_EQ(begun(Lane::film, store_test_now), 1u);
    EXPECT_EQ(begun(Lane::film, store_test_now), 0u);
    ASSERT_EQ(begun(Lane::quick, store_test_now, "other"), 3u) << "there the next one has its turn";
    EXPECT_EQ(begun(Lane::film, store_test_now, "other"), 0u) << "alone too";
    ASSERT_EQ(begun(Lane::film, store_test_now, "third"), 2u);
    EXPECT_EQ(begun(Lane::quick, store_test_now, "third"), 0u);
    EXPECT_EQ(begun(Lane::quick, store_test_now, "fourth"), 5u) << "no suspect is left for it";
    EXPECT_EQ(begun(Lane::film, store_test_now, "fourth"), 4u);
}

TEST_P(MetadataStoreSuite, ASuspectThatIsPausedStopsNobody) {
    a_server_died();
    const auto later = store_test_now + seconds{30};
    for (const auto& [lane, id] :
         {std::pair{Lane::film, 1u}, std::pair{Lane::film, 2u}, std::pair{Lane::quick, 3u}}) {
        ASSERT_EQ(begun(lane, store_test_now), id);
        ASSERT_TRUE(store().release_job(last_.id, last_.fence, later, Counted::as_failure));
    }
    EXPECT_EQ(begun(Lane::film, store_test_now), 4u);
    EXPECT_EQ(begun(Lane::quick, store_test_now), 5u);
}

TEST_P(MetadataStoreSuite, TheSuspectsLieBeforeTheOthers) {
    a_server_died();
    const auto position = store().queue_position({4}, store_test_now);
    ASSERT_TRUE(position);
    EXPECT_EQ(position->ahead.size(), 2u) << "though its rank is the lowest";
    EXPECT_TRUE(store().queue_position({1}, store_test_now)->ahead.empty());
    EXPECT_EQ(store().queue_position({2}, store_test_now)->ahead.size(), 1u);
    EXPECT_EQ(store().queue_position({5}, store_test_now)->ahead.size(), 1u);
}

TEST_P(MetadataStoreSuite, TheQueuePositionTellsWhatLiesAheadInTheLane) {
    for (std::uint64_t id = 1; id <= 5; ++id) {
        queued(id, store_test_now - seconds{5 - id});
    }
    queued(quick_job(6));
    const LeasedJob one = claimed("a");
    claimed("b");
    const Progress estimate{
        .percent = 1, .ends_at = store_test_now + milliseconds{1200}, .step = ""
    };
    ASSERT_TRUE(store().heartbeat(one.id, one.fence, estimate, store_test_now, seconds{60}));
    const auto position = store().queue_position({4}, store_test_now);
    ASSERT_TRUE(position);
    EXPECT_EQ(position->lane, Lane::film);
    EXPECT_EQ(position->run_at, store_test_now - seconds{1});
    EXPECT_EQ(position->cost_expected, seconds{10});
    const Family family = family_of(stored(1).category);
    const QueuePosition::Running with_estimate{
        family, seconds{10}, store_test_now, store_test_now + milliseconds{1200}
    };
    const QueuePosition::Running without{family, seconds{10}, store_test_now, std::nullopt};
    EXPECT_EQ(position->running, (std::vector{with_estimate, without}));
    EXPECT_EQ(position->ahead, (std::vector{QueuePosition::Waiting{family, seconds{10}}}));
    const auto running = store().queue_position({1}, store_test_now);
    EXPECT_TRUE(running->ahead.empty() && running->running.empty());
    EXPECT_EQ(store().queue_position({6}, store_test_now)->lane, Lane::quick);
    EXPECT_TRUE(store().queue_position({6}, store_test_now)->ahead.empty());
}

TEST_P(MetadataStoreSuite, WhatIsPausedLiesBeforeNobody) {
    queued(1, store_test_now - seconds{1});
    queued(2, store_test_now);
    const LeasedJob job = claimed("a");
    const auto later = store_test_now + seconds{30};
    ASSERT_TRUE(store().release_job(job.id, job.fence, later, Counted::as_failure));
    EXPECT_TRUE(store().queue_position({2}, store_test_now)->ahead.empty());
    EXPECT_EQ(store().queue_position({2}, later)->ahead.size(), 1u);
    EXPECT_EQ(store().queue_position({1}, store_test_now)->run_at, later);
}

TEST_P(MetadataStoreSuite, TheQueuePositionIsToldAsFarAsItMatters) {
    for (std::uint64_t id = 1; id <= 100; ++id) {
        queued(id, store_test_now + milliseconds{id});
    }
    const auto later = store_test_now + seconds{1};
    const auto position = store().queue_position({100}, later);
    ASSERT_TRUE(position);
    EXPECT_EQ(position->cost_ahead(), QueuePosition::cost_told_max) << "10 s each";
    EXPECT_EQ(position->ahead.size(), 60u);
    EXPECT_EQ(store().queue_position({99}, later)->ahead.size(), 60u);
    EXPECT_EQ(store().queue_position({31}, later)->ahead.size(), 30u);
}

TEST_P(MetadataStoreSuite, AJobWhoseUploadHasNoUseForItIsNotCounted) {
    const Upload before = queued(1, store_test_now - seconds{3});
    queued(2, store_test_now - seconds{2});
    queued(3, store_test_now - seconds{1});
    queued(4, store_test_now);
    const LeasedJob running = claimed("s");
    ASSERT_EQ(running.id.value, 1u);
    Upload ready = running.upload;
    ready.state = UploadState::ready;
    ASSERT_TRUE(store().change(ready, UploadState::processing, {})) << "its job stays";
    Upload other = stored(2);
    other.state = UploadState::failed;
    ASSERT_TRUE(store().change(other, UploadState::queued, {}));
    const auto position = store().queue_position({4}, store_test_now);
    ASSERT_TRUE(position);
    EXPECT_TRUE(position->running.empty());
    EXPECT_EQ(position->ahead.size(), 1u);
    EXPECT_EQ(store().totals()->jobs_queued, 2u);
    EXPECT_EQ(store().totals()->jobs_running, 0u);
}

TEST_P(MetadataStoreSuite, WhatCrashedItsWorkersIsFoundForAWhile) {
    queued(7, store_test_now);
    const LeasedJob job = claimed("s");
    const ProcessingFailure crash{2, "InternalError", "WorkerCrashed", "It crashed twice."};
    const Upload failed = *job.upload.failed_with(crash, store_test_now);
    const auto before = store_test_now - seconds{1};
    EXPECT_TRUE(store().crashed_since(alice(), {100}, before)->empty());
    ASSERT_TRUE(store().finish_job(job.id, job.fence, failed, {}));
    EXPECT_EQ(*store().crashed_since(alice(), {100}, before), (std::vector{MediaId{7}}));
    EXPECT_TRUE(store().crashed_since(alice(), {101}, before)->empty());
    EXPECT_TRUE(store().crashed_since(bob(), {100}, before)->empty());
    EXPECT_TRUE(store().crashed_since(alice(), {100}, store_test_now)->empty());
}

}  // namespace sluice
