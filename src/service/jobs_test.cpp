#include "service/jobs.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "store/memory/memory_blob_store.hpp"
#include "store/memory/memory_metadata_store.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

const ProcessingFailure crash{2, "InternalError", "WorkerCrashed", "processing failed"};

DoneReport report(std::vector<ProducedFile> files) {
    return {.outputs = std::move(files), .content = {"video/mp4", 640, 360}};
}

class JobsTest : public ::testing::Test {
  protected:
    JobsTest() {
        auto writer = blobs_.stage(BlobId{id_.value});
        const std::array<std::byte, 4> bytes{};
        EXPECT_TRUE((*writer)->write(bytes));
        const Segment segment{.extent = *(*writer)->commit(), .received_at = clock_.now()};
        auto upload = Upload::open({
            .id = id_,
            .owner = owner_,
            .category = Category::tweet_video,
            .total = {bytes.size()},
            .now = clock_.now(),
            .lifetime = 1h,
        });
        upload = *upload.with_segment(segment, clock_.now());
        upload = *upload.sealed({{segment.index, segment}}, clock_.now());
        upload = *upload.queued(clock_.now());
        const NewJob job{.id = {9}, .media = id_, .run_at = clock_.now(), .cost_expected = 1s};
        EXPECT_TRUE(metadata_.create_whole(upload, segment, job));
    }

    LeasedJob claim() {
        auto claimed = jobs_.claim("here");
        EXPECT_TRUE(claimed && *claimed);
        return claimed && *claimed ? **claimed : LeasedJob{};
    }

    bool has_job() {
        const auto claimed = jobs_.claim("here");
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

    Upload upload() { return metadata_.find(owner_, id_).value(); }

    const Principal owner_{"anonymous"};
    const MediaId id_{7};
    ManualClock clock_;
    IdSource ids_{clock_, 1};
    MemoryMetadataStore metadata_;
    MemoryBlobStore blobs_;
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
    EXPECT_EQ(outputs[0].extent.length, ByteCount{7});
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

TEST_F(JobsTest, ACancelledJobIsToldAtTheNextHeartbeat) {
    auto job = claim();
    ASSERT_TRUE(
        metadata_.change(*upload().cancelled(clock_.now()), UploadState::processing, std::nullopt)
    );
    EXPECT_EQ(jobs_.keep(job).error().code, ErrorCode::store_conflict);
}

TEST_F(JobsTest, AJobGivenBackWaitsLongerEachTimeAndFailsAfterTheThirdAttempt) {
    for (const auto pause : {5s, 30s}) {
        EXPECT_EQ(jobs_.give_back(claim(), crash).value(), GivenBack::will_be_tried_again);
        EXPECT_EQ(upload().state, UploadState::queued);
        clock_.advance(pause - 1ms);
        EXPECT_FALSE(has_job());
        clock_.advance(1ms);
    }
    EXPECT_EQ(jobs_.give_back(claim(), crash).value(), GivenBack::failed_for_good);
    EXPECT_EQ(upload().failure, crash);
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

TEST_F(JobsTest, AReleasedJobIsAsIfItHadNotBegun) {
    ASSERT_TRUE(jobs_.release(claim()));
    EXPECT_EQ(upload().state, UploadState::queued);
    EXPECT_EQ(upload().attempts, 0);
    EXPECT_EQ(claim().attempt, 1);
}

}  // namespace
}  // namespace sluice
