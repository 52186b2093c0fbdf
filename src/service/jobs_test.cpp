#include "service/jobs.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/digest.hpp"
#include "store/memory/memory_blob_store.hpp"
#include "store/memory/memory_metadata_store.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

const ProcessingFailure no_space{2, "InternalError", "NoSpace", "temporary problem"};
const ProcessingFailure crash{2, "InternalError", "WorkerCrashed", "processing failed"};

DoneReport report(std::vector<ProducedFile> files) {
    return {.outputs = std::move(files), .content = {"video/mp4", 640, 360}};
}

// Its database goes away when a job is to be finished; the commit may have happened all the same.
class AwayStore final : public MemoryMetadataStore {
  public:
    Result<void> finish_job(
        JobId id, std::uint64_t fence, const Upload& upload, const std::vector<Output>& outputs
    ) override {
        if (away == 0) {
            return MemoryMetadataStore::finish_job(id, fence, upload, outputs);
        }
        --away;
        if (takes_effect) {
            EXPECT_TRUE(MemoryMetadataStore::finish_job(id, fence, upload, outputs));
        }
        return Error{.code = ErrorCode::database_unavailable};
    }

    int away = 0;
    bool takes_effect = false;
};

// A store elsewhere that is away for so many calls.
class AwayBlobs final : public MemoryBlobStore {
  public:
    Result<AdoptedFile> adopt_file(BlobId id, const std::string& path) override {
        const bool is_away = away > 0 && away-- > 0;
        return is_away ? Error{.code = ErrorCode::storage_unavailable}
                       : MemoryBlobStore::adopt_file(id, path);
    }
    int away = 0;
};

class JobsTest : public ::testing::Test {
  protected:
    JobsTest() { add(id_, "abcdefgh", 8); }

    // A queued upload whose content came in segments of this length.
    void add(MediaId id, std::string_view content, std::size_t segment_bytes) {
        auto upload = Upload::open({
            .id = id,
            .owner = owner_,
            .category = Category::tweet_video,
            .total = {content.size()},
            .now = clock_.now(),
            .lifetime = 1h,
        });
        EXPECT_TRUE(metadata_.create(upload));
        SegmentMap segments;
        for (std::uint16_t i = 0; i * segment_bytes < content.size(); ++i) {
            auto writer = blobs_.stage(BlobId{id.value * 100 + i});
            const auto part = content.substr(i * segment_bytes, segment_bytes);
            const auto bytes = std::as_bytes(std::span(part));
            EXPECT_TRUE((*writer)->write(bytes));
            const Segment segment{
                .index = {i},
                .extent = *(*writer)->commit(),
                .crc32c = crc32c(bytes),
                .received_at = clock_.now(),
            };
            EXPECT_TRUE(metadata_.add_segment(id, segment, {}, clock_.now()));
            segments.emplace(segment.index, segment);
        }
        upload = metadata_.find(owner_, id).value();
        upload = *upload.sealed(segments, clock_.now());
        upload = *upload.queued(clock_.now());
        const NewJob job{
            .id = {id.value + 2},
            .media = id,
            .run_at = clock_.now(),
            .cost_expected = 1s,
            .rank = clock_.now(),
        };
        EXPECT_TRUE(metadata_.change(upload, UploadState::open, job));
    }

    LeasedJob claim() {
        auto claimed = jobs_.claim("here", Lane::film);
        EXPECT_TRUE(claimed && *claimed);
        return claimed && *claimed ? **claimed : LeasedJob{};
    }

    bool has_job() {
        const auto claimed = jobs_.claim("here", Lane::film);
        return claimed && claimed->has_value();
    }

    // A folder with one output in it, as a worker leaves it.
    std::string folder_with(const std::string& name) {
        const auto folder = std::filesystem::temp_directory_path() /
                            ("sluice-jobs-test-" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder);
        std::ofstream(folder / name) << "picture";
        return folder.string();
    }

    Upload upload() { return upload(id_); }
    Upload upload(MediaId id) { return metadata_.find(owner_, id).value(); }

    // The worker dies of the upload at hand until it is given up.
    void crash_until_it_fails() {
        ASSERT_EQ(jobs_.give_back(claim(), crash).value(), GivenBack::will_be_tried_again);
        clock_.advance(30s);
        ASSERT_EQ(jobs_.give_back(claim(), crash).value(), GivenBack::failed_for_good);
    }

    const Principal owner_{"anonymous"};
    const MediaId id_{7};
    ManualClock clock_;
    IdSource ids_{clock_, 1};
    AwayStore metadata_;
    AwayBlobs blobs_;
    Jobs jobs_{metadata_, blobs_, clock_, ids_};
};

const std::vector<ProducedFile> poster{
    {.name = "poster.jpg", .content_type = "image/jpeg", .size = {7}, .width = 64, .height = 36}
};

TEST_F(JobsTest, AClaimCountsTheAttemptBeforeTheWorkBegins) {
    const auto job = claim();
    EXPECT_EQ(job.attempt, 1);
    EXPECT_EQ(upload().state, UploadState::processing);
    EXPECT_EQ(upload().attempts, 1);
    EXPECT_FALSE(has_job());
}

TEST_F(JobsTest, ProgressIsStoredWithItsEndAndNeverFalls) {
    auto job = claim();
    ASSERT_TRUE(jobs_.report(job, {.job = job.id, .percent = 40, .step = "encode", .remaining = 6s})
    );
    EXPECT_EQ(upload().progress.percent, 40);
    EXPECT_EQ(upload().progress.ends_at, clock_.now() + 6s);
    ASSERT_TRUE(jobs_.report(job, {.job = job.id, .percent = 10, .step = "probe", .remaining = 9s})
    );
    EXPECT_EQ(upload().progress.percent, 40);
}

TEST_F(JobsTest, AJobThatIsKeptOutlivesItsLease) {
    auto job = claim();
    clock_.advance(20s);
    ASSERT_TRUE(jobs_.keep(job));
    clock_.advance(20s);
    EXPECT_FALSE(has_job());
    clock_.advance(11s);
    EXPECT_TRUE(has_job()) << "silent for 31 s: somebody else may try";
    EXPECT_EQ(jobs_.keep(job).error().code, ErrorCode::store_conflict);
}

TEST_F(JobsTest, SuccessPublishesOutputsAndStateTogether) {
    const auto job = claim();
    ASSERT_TRUE(jobs_.succeed(job, folder_with("poster.jpg"), report(poster)));
    EXPECT_EQ(upload().state, UploadState::ready);
    EXPECT_EQ(upload().content, (Content{"video/mp4", 640, 360}));
    const auto outputs = metadata_.outputs(id_).value();
    ASSERT_EQ(outputs.size(), 1U);
    EXPECT_EQ(outputs[0].name, "poster.jpg");
    EXPECT_EQ(outputs[0].crc32c, crc32c(std::as_bytes(std::span("picture", 7))));
}

TEST_F(JobsTest, WhatIsPublishedEarlyStaysUnlessItIsMadeAgain) {
    const auto job = claim();
    const auto folder = folder_with("poster.jpg");
    ASSERT_TRUE(jobs_.publish_early(job, folder, poster));
    EXPECT_EQ(upload().state, UploadState::processing);
    const auto early = metadata_.outputs(id_).value();
    ASSERT_EQ(early.size(), 1U);
    EXPECT_EQ(early[0].made_at, clock_.now());
    ASSERT_TRUE(jobs_.publish_early(job, folder, poster)) << "once is enough, its file is gone";
    clock_.advance(1s);
    const std::vector<ProducedFile> clip{
        {.name = "clip.mp4", .content_type = "video/mp4", .size = {7}, .width = 64, .height = 36}
    };
    ASSERT_TRUE(jobs_.succeed(job, folder_with("clip.mp4"), report(clip)));
    const auto all = metadata_.outputs(id_).value();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(std::ranges::count(all, early[0]), 1);
}

TEST_F(JobsTest, WhatIsMadeAgainTakesItsPlace) {
    const auto job = claim();
    ASSERT_TRUE(jobs_.publish_early(job, folder_with("poster.jpg"), poster));
    const auto early = metadata_.outputs(id_).value();
    ASSERT_TRUE(jobs_.succeed(job, folder_with("poster.jpg"), report(poster)));
    const auto all = metadata_.outputs(id_).value();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_NE(all[0].extent.blob, early[0].extent.blob);
    EXPECT_EQ(blobs_.blob_count(), 2U) << "the upload's own and one output";
}

TEST_F(JobsTest, WhereOriginalsAreNotKeptTheyGoOnceAllIsMade) {
    Jobs jobs(metadata_, blobs_, clock_, ids_, {.keeps_original = false});
    const auto job = claim();
    ASSERT_TRUE(jobs.publish_early(job, folder_with("poster.jpg"), poster));
    EXPECT_TRUE(upload().has_original) << "another try may need it";
    EXPECT_EQ(blobs_.blob_count(), 2U);
    auto clip = poster;
    clip[0].name = "clip.mp4";
    clip[0].role = OutputRole::rendition;
    ASSERT_TRUE(jobs.succeed(job, folder_with("clip.mp4"), report(clip)));
    EXPECT_FALSE(upload().has_original);
    EXPECT_EQ(blobs_.blob_count(), 2U) << "those of the outputs";
    EXPECT_EQ(upload().received, upload().total);
}

TEST_F(JobsTest, AnOriginalOfWhichNothingWasMadeStays) {
    Jobs jobs(metadata_, blobs_, clock_, ids_, {.keeps_original = false});
    ASSERT_TRUE(jobs.succeed(claim(), folder_with("poster.jpg"), report({})));
    EXPECT_TRUE(upload().has_original);
    EXPECT_EQ(blobs_.blob_count(), 1U);
}

TEST_F(JobsTest, WhatFailedKeepsItsOriginal) {
    Jobs jobs(metadata_, blobs_, clock_, ids_, {.keeps_original = false});
    ASSERT_TRUE(jobs.fail(claim(), no_space));
    EXPECT_TRUE(upload().has_original);
    EXPECT_EQ(blobs_.blob_count(), 1U);
}

TEST_F(JobsTest, AFailureTakesBackWhatWasPublishedEarly) {
    const auto job = claim();
    ASSERT_TRUE(jobs_.publish_early(job, folder_with("poster.jpg"), poster));
    ASSERT_TRUE(jobs_.fail(job, {1, "InvalidMedia", "Truncated", "file is invalid"}));
    EXPECT_TRUE(metadata_.outputs(id_)->empty());
    EXPECT_EQ(blobs_.blob_count(), 1U);
}

TEST_F(JobsTest, AMissingOutputPublishesNothing) {
    const auto job = claim();
    auto files = poster;
    files.push_back({.name = "missing.jpg", .content_type = "image/jpeg", .size = {7}});
    EXPECT_FALSE(jobs_.succeed(job, folder_with("poster.jpg"), report(files)));
    EXPECT_EQ(upload().state, UploadState::processing);
    EXPECT_EQ(blobs_.blob_count(), 1U) << "the upload's own";
}

TEST_F(JobsTest, WhoLostTheLeaseCannotFinish) {
    const auto late = claim();
    clock_.advance(31s);
    const auto next = claim();
    const auto refused = jobs_.succeed(late, folder_with("poster.jpg"), report(poster));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::store_conflict);
    EXPECT_EQ(blobs_.blob_count(), 1U);
    EXPECT_TRUE(jobs_.succeed(next, folder_with("poster.jpg"), report(poster)));
}

TEST_F(JobsTest, AResultWaitsForADatabaseThatIsAway) {
    int waits = 0;
    jobs_.wait_by([&](std::chrono::milliseconds) { return ++waits > 0; });
    metadata_.away = 3;
    const auto job = claim();
    ASSERT_TRUE(jobs_.succeed(job, folder_with("poster.jpg"), report(poster)));
    EXPECT_EQ(waits, 3);
    EXPECT_EQ(upload().state, UploadState::ready);
    EXPECT_EQ(upload().attempts, 1);
    EXPECT_EQ(metadata_.outputs(id_)->size(), 1u);
}

TEST_F(JobsTest, AResultWhoseCommitWasNotAnsweredIsKept) {
    jobs_.wait_by([](std::chrono::milliseconds) { return true; });
    metadata_.away = 1;
    metadata_.takes_effect = true;
    ASSERT_TRUE(jobs_.succeed(claim(), folder_with("poster.jpg"), report(poster)));
    EXPECT_EQ(upload().state, UploadState::ready);
    EXPECT_EQ(blobs_.blob_count(), 2U) << "the output that the commit names is there";
}

TEST_F(JobsTest, AResultWaitsNoLongerThanTheServerRuns) {
    jobs_.wait_by([](std::chrono::milliseconds) { return false; });
    metadata_.away = 1;
    const auto job = claim();
    const auto refused = jobs_.succeed(job, folder_with("poster.jpg"), report(poster));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::database_unavailable);
    EXPECT_TRUE(jobs_.release(job)) << "the job is its own still";
}

TEST_F(JobsTest, WhatWasMadeWaitsForAStoreThatIsAwayAndKeepsItsLease) {
    jobs_.wait_by([this](std::chrono::milliseconds) {
        clock_.advance(20s);
        return !has_job();
    });
    blobs_.away = 3;  // longer than a lease
    ASSERT_TRUE(jobs_.succeed(claim(), folder_with("poster.jpg"), report(poster)));
}

TEST_F(JobsTest, AStoreThatIsAwayCostsNoAttemptForADay) {
    const ProcessingFailure away{2, "InternalError", storage_away, "temporary problem"};
    for (int i = 0; i < 26; ++i, clock_.advance(i <= 24 ? 1h : 30s)) {
        EXPECT_EQ(jobs_.give_back(claim(), away).value(), GivenBack::will_be_tried_again);
    }
    EXPECT_EQ(jobs_.give_back(claim(), away).value(), GivenBack::failed_for_good);
}

TEST_F(JobsTest, ACancelledJobIsToldAtTheNextHeartbeat) {
    auto job = claim();
    ASSERT_TRUE(
        metadata_.change(*upload().cancelled(clock_.now()), UploadState::processing, std::nullopt)
    );
    EXPECT_EQ(jobs_.keep(job).error().code, ErrorCode::store_conflict);
}

TEST_F(JobsTest, AJobGivenBackWaitsLongerEachTimeAndFailsAfterTheThirdAttempt) {
    for (const auto pause : {5s, 30s}) {
        EXPECT_EQ(jobs_.give_back(claim(), no_space).value(), GivenBack::will_be_tried_again);
        EXPECT_EQ(upload().state, UploadState::queued);
        clock_.advance(pause - 1ms);
        EXPECT_FALSE(has_job());
        clock_.advance(1ms);
    }
    EXPECT_EQ(jobs_.give_back(claim(), no_space).value(), GivenBack::failed_for_good);
    EXPECT_EQ(upload().failure, no_space);
    EXPECT_EQ(upload().attempts, 3);
}

TEST_F(JobsTest, AJobThatTookTenServersWithItFailsWithoutAnotherTry) {
    for (int i = 0; i < 10; ++i) {
        claim();
        clock_.advance(31s);  // the server died: no word, the lease runs out
    }
    EXPECT_FALSE(has_job());
    EXPECT_EQ(upload().state, UploadState::failed);
    EXPECT_EQ(upload().failure->reason, "WorkerCrashed");
}

TEST_F(JobsTest, TwoCrashesSetTheContentAside) {
    crash_until_it_fails();
    EXPECT_EQ(upload().attempts, 2);
    EXPECT_EQ(upload().failure->reason, "WorkerCrashed");
    EXPECT_NE(upload().failure->message.find("2 times and is set aside"), std::string::npos)
        << upload().failure->message;
}

TEST_F(JobsTest, DeathsOfTheServerAndFaultsOfOursAreNoCrashes) {
    EXPECT_EQ(jobs_.give_back(claim(), crash).value(), GivenBack::will_be_tried_again);
    clock_.advance(30s);
    for (int i = 0; i < 3; ++i) {
        claim();
        clock_.advance(31s);  // the server died
    }
    EXPECT_EQ(jobs_.give_back(claim(), no_space).value(), GivenBack::will_be_tried_again);
    clock_.advance(30s);
    EXPECT_EQ(jobs_.give_back(claim(), crash).value(), GivenBack::failed_for_good);
    EXPECT_EQ(upload().failure->reason, "WorkerCrashed");
}

TEST_F(JobsTest, TheSameContentIsRefusedForAnHourHoweverItIsCut) {
    crash_until_it_fails();
    add({20}, "abcdefgh", 3);
    EXPECT_FALSE(has_job());
    EXPECT_EQ(upload({20}).state, UploadState::failed);
    EXPECT_EQ(upload({20}).failure->reason, "Quarantined");
    EXPECT_EQ(upload({20}).attempts, 1);
    clock_.advance(59min);
    add({21}, "abcdefgh", 8);
    EXPECT_FALSE(has_job()) << "a refusal does not begin another hour, nor end this one";
    clock_.advance(1min);
    add({22}, "abcdefgh", 8);
    EXPECT_TRUE(has_job());
}

TEST_F(JobsTest, WhoeverComesNextIsNotKeptWaitingByWhatIsRefused) {
    crash_until_it_fails();
    add({20}, "abcdefgh", 8);
    add({21}, "abcdefgi", 8);
    EXPECT_EQ(claim().upload.id, MediaId{21});
    EXPECT_EQ(upload({20}).state, UploadState::failed);
}

// Each look takes three seconds, as syncing a large file does; meanwhile another server looks for work.
class SlowClock final : public Clock {
  public:
    SlowClock(ManualClock& clock, MetadataStore& metadata) : clock_(clock), metadata_(metadata) {}
    WallTime now() const override {
        clock_.advance(3s);
        const auto now = clock_.now();
        EXPECT_FALSE(metadata_.claim_job(Lane::film, "there", now, 30s).value());
        return now;
    }

  private:
    ManualClock& clock_;
    MetadataStore& metadata_;
};

TEST_F(JobsTest, TheLeaseIsKeptWhileLargeFilesAreSynced) {
    const auto job = claim();
    std::vector<ProducedFile> many;
    for (int number = 0; number < 20; ++number) {
        many.push_back(poster.front());
        many.back().name = "poster" + std::to_string(number) + ".jpg";
        folder_with(many.back().name);
    }
    const SlowClock slow(clock_, metadata_);
    Jobs slow_jobs(metadata_, blobs_, slow, ids_);
    EXPECT_TRUE(slow_jobs.succeed(job, folder_with("poster.jpg"), report(many)));
    EXPECT_EQ(upload().state, UploadState::ready);
}

TEST_F(JobsTest, TheLeaseCoversTheSyncOfOneLargeFile) {
    const auto job = claim();
    auto large = poster;
    large[0].size = {4'000'000'000};  // 400 s on the slowest disk
    ASSERT_TRUE(jobs_.publish_early(job, folder_with("poster.jpg"), large));
    clock_.advance(300s);
    EXPECT_FALSE(has_job());
    clock_.advance(131s);
    EXPECT_TRUE(has_job());
}

TEST_F(JobsTest, OtherContentIsNotRefused) {
    crash_until_it_fails();
    add({20}, "abcdefgx", 8);
    EXPECT_EQ(claim().upload.id, MediaId{20});
    add({21}, "abcdefghi", 9);
    EXPECT_EQ(claim().upload.id, MediaId{21});
}

TEST_F(JobsTest, AReleasedJobIsAsIfItHadNotBegun) {
    ASSERT_TRUE(jobs_.release(claim()));
    EXPECT_EQ(upload().state, UploadState::queued);
    EXPECT_EQ(upload().attempts, 0);
    EXPECT_EQ(claim().attempt, 1);
}

}  // namespace
}  // namespace sluice
