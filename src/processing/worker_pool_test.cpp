// The pool with the real sluice-worker and stores in memory.
#include "processing/worker_pool.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "media/test_media.hpp"
#include "processing/slot.hpp"
#include "store/memory/memory_blob_store.hpp"
#include "store/memory/memory_metadata_store.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

bool eventually(const std::function<bool()>& holds, std::chrono::seconds at_most = 30s) {
    const auto end = std::chrono::steady_clock::now() + at_most;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > end) {
            return false;
        }
        std::this_thread::sleep_for(10ms);
    }
    return true;
}

// A store elsewhere that has nobody's bytes while it is away, and notes who asks.
class AwayBlobs final : public MemoryBlobStore {
  public:
    Result<std::string> as_local_file(const std::vector<Extent>& layout, const std::string& scratch)
        override {
        const std::scoped_lock lock(mutex_);
        if (!is_away_) {
            return MemoryBlobStore::as_local_file(layout, scratch);
        }
        asked_.push_back(std::chrono::steady_clock::now());
        return Error{.code = ErrorCode::storage_unavailable};
    }
    void be_away(bool away) {
        const std::scoped_lock lock(mutex_);
        is_away_ = away;
    }
    std::vector<std::chrono::steady_clock::time_point> asked() {
        const std::scoped_lock lock(mutex_);
        return asked_;
    }

  private:
    std::mutex mutex_;
    bool is_away_ = false;
    std::vector<std::chrono::steady_clock::time_point> asked_;
};

class Pool : public ::testing::Test {
  protected:
    Pool() { settings_.slots = settings_.quick_slots = 1; }

    void start() {
        pool_ = std::make_unique<WorkerPool>(settings_, jobs_, speed_, metrics_);
        const auto started = pool_->start();
        ASSERT_TRUE(started) << started.error().detail;
    }

    // An upload of the file, whole and queued.
    MediaId queue(Category category, const std::string& path) {
        const auto bytes = test::read_file(path);
        const MediaId id{ids_.next()};
        auto writer = blobs_.stage(BlobId{id.value});
        EXPECT_TRUE(writer);
        EXPECT_TRUE((*writer)->write(std::as_bytes(std::span(bytes))));
        const Segment segment{
            .index = {0}, .extent = *(*writer)->commit(), .received_at = clock_.now()
        };
        auto upload = Upload::open({
            .id = id,
            .owner = owner_,
            .category = category,
            .media_type = category == Category::tweet_image ? "" : "video/mp4",
            .total = {bytes.size()},
            .one_shot = true,
            .now = clock_.now(),
            .lifetime = 1h,
        });
        upload = *upload.with_segment(segment, clock_.now());
        upload = *upload.sealed({{segment.index, segment}}, clock_.now());
        upload = *upload.queued(clock_.now());
        const NewJob job{
            .id = {ids_.next()},
            .media = id,
            .run_at = clock_.now(),
            .cost_expected = 1s,
            .lane = lane_of(family_of(category)),
            .rank = clock_.now(),
        };
        EXPECT_TRUE(metadata_.create_whole(upload, segment, job));
        return id;
    }

    Upload upload(MediaId id) { return metadata_.find(owner_, id).value(); }

    bool reaches(MediaId id, UploadState state) {
        return eventually([&] { return upload(id).state == state; });
    }

    // Until the encoder is measurably at work.
    bool is_under_way(MediaId id) {
        return eventually([&] {
            return upload(id).state == UploadState::processing && upload(id).progress.percent > 3;
        });
    }

    // Those of the quick lane come first.
    pid_t film_worker() {
        EXPECT_TRUE(eventually([&] { return pool_->worker_pids().size() == 2; }));
        return pool_->worker_pids().back();
    }

    bool metric_shows(std::string_view line) {
        return metrics_.text().find(line) != std::string::npos;
    }

    bool scratch_is_empty() { return std::filesystem::is_empty(settings_.scratch_folder); }

    const Principal owner_{"anonymous"};
    test::TempFolder folder_;
    SystemClock clock_;
    IdSource ids_{clock_, 1};
    MemoryMetadataStore metadata_;
    AwayBlobs blobs_;
    SpeedLearner speed_;
    Metrics metrics_;
    Jobs jobs_{metadata_, blobs_, clock_, ids_, {.back_off = {10ms}}};
    WorkerPoolSettings settings_{
        .worker_path = SLUICE_WORKER_PATH,
        .scratch_folder = folder_ / "scratch",
        .holder = "test",
        .heartbeat = 100ms,
        .restart_pause = 10ms,
    };
    std::unique_ptr<WorkerPool> pool_;
};

TEST_F(Pool, MakesAClipReadyAndPublishesItsOutputs) {
    test::make_clip(folder_ / "clip", "640x360", 2);
    start();
    const auto id = queue(Category::tweet_video, folder_ / "clip");
    pool_->wake();
    ASSERT_TRUE(reaches(id, UploadState::ready));
    EXPECT_EQ(upload(id).progress.percent, 100);
    EXPECT_EQ(upload(id).attempts, 1);
    const auto outputs = metadata_.outputs(id).value();
    ASSERT_GT(outputs.size(), 2U);
    EXPECT_EQ(outputs[0].name, "640x360.mp4");
    EXPECT_EQ(outputs[0].width, 640U);
    std::vector<std::byte> bytes(outputs[0].extent.length.value);
    EXPECT_TRUE(blobs_.read(outputs[0].extent, {0}, bytes));
    EXPECT_TRUE(eventually([&] { return scratch_is_empty(); }));
    EXPECT_TRUE(eventually([&] {
        return metric_shows("sluice_jobs_total{kind=\"video\",result=\"ready\"} 1");
    }));
    EXPECT_NE(speed_.factor(PredictedFrom::size, Family::video), 1) << "it learned";
}

TEST_F(Pool, ABrokenFileFailsAtOnceWithItsReason) {
    test::write_file(folder_ / "garbage", std::string(1000, 'x'));
    start();
    const auto id = queue(Category::tweet_image, folder_ / "garbage");
    ASSERT_TRUE(reaches(id, UploadState::failed));
    EXPECT_EQ(upload(id).failure->reason, "CorruptContainer");
    EXPECT_EQ(upload(id).attempts, 1) << "a medium's fault is never tried again";
    EXPECT_TRUE(metadata_.outputs(id)->empty());
}

TEST_F(Pool, AKilledWorkerIsReplacedAndTheJobTriedAgain) {
    test::make_clip(folder_ / "clip", "1280x720", 10);
    start();
    const auto id = queue(Category::tweet_video, folder_ / "clip");
    ASSERT_TRUE(is_under_way(id));
    const auto killed = film_worker();
    ::kill(killed, SIGKILL);
    ASSERT_TRUE(reaches(id, UploadState::ready));
    EXPECT_EQ(upload(id).attempts, 2);
    EXPECT_NE(film_worker(), killed);
    EXPECT_TRUE(metric_shows("sluice_worker_exits_total{reason=\"died_working\"} 1"));
    EXPECT_TRUE(metric_shows("sluice_job_retries_total 1"));
}

TEST_F(Pool, AnIdleWorkerThatDiesIsReplacedToo) {
    start();
    ASSERT_TRUE(eventually([&] { return !pool_->worker_pids().empty(); }));
    const auto killed = film_worker();
    ::kill(killed, SIGKILL);
    EXPECT_TRUE(eventually([&] {
        const auto pids = pool_->worker_pids();
        return pids.size() == 2 && pids.back() != killed;
    }));
}

TEST_F(Pool, AJobThatCrashesEveryWorkerIsSetAsideAfterTheSecond) {
    // A "worker" that reads its order and dies, as one would that meets an exploit.
    test::write_file(folder_ / "crash", "#!/bin/sh\nread order\nkill -SEGV $$\n");
    std::filesystem::permissions(folder_ / "crash", std::filesystem::perms::owner_all);
    settings_.worker_path = folder_ / "crash";
    test::write_file(folder_ / "any", "x");
    start();
    const auto id = queue(Category::tweet_video, folder_ / "any");
    ASSERT_TRUE(reaches(id, UploadState::failed));
    EXPECT_EQ(upload(id).attempts, 2);
    EXPECT_EQ(upload(id).failure->name, "InternalError");
    EXPECT_EQ(upload(id).failure->reason, "WorkerCrashed");
}

TEST_F(Pool, AWorkerThatTalksNonsenseOrNothingIsReplaced) {
    test::write_file(
        folder_ / "odd",
        "#!/bin/sh\nread order\nif mkdir " + (folder_ / "once") +
            " 2>/dev/null; then echo nonsense; fi\nsleep 60\n"
    );
    std::filesystem::permissions(folder_ / "odd", std::filesystem::perms::owner_all);
    settings_.worker_path = folder_ / "odd";
    settings_.silence_max = 200ms;
    test::write_file(folder_ / "any", "x");
    start();
    const auto id = queue(Category::tweet_video, folder_ / "any");
    ASSERT_TRUE(reaches(id, UploadState::failed));
    EXPECT_TRUE(metric_shows("sluice_worker_exits_total{reason=\"died_working\"} 2"));
}

TEST_F(Pool, ACancelledJobIsStoppedAtOnce) {
    settings_.heartbeat = 60s;  // nobody asks the store
    test::make_clip(folder_ / "clip", "1280x720", 20);
    start();
    const auto id = queue(Category::tweet_video, folder_ / "clip");
    pool_->wake();
    ASSERT_TRUE(eventually([&] { return !scratch_is_empty(); }));
    const auto worker = film_worker();
    std::this_thread::sleep_for(500ms);
    const auto cancelled = upload(id).cancelled(clock_.now());
    ASSERT_TRUE(metadata_.change(*cancelled, UploadState::processing, std::nullopt));
    pool_->cancel(id);
    EXPECT_TRUE(eventually([&] { return ::kill(-worker, 0) != 0; }, 1s)) << "its whole group";
    EXPECT_TRUE(eventually([&] { return scratch_is_empty(); }, 1s));
    EXPECT_EQ(upload(id).state, UploadState::cancelled);
    EXPECT_EQ(blobs_.blob_count(), 1U) << "nothing but the upload itself";
}

TEST_F(Pool, ACancelledJobThatNobodyAnnouncedIsNoticedAtTheNextHeartbeat) {
    test::make_clip(folder_ / "clip", "1280x720", 20);
    start();
    const auto id = queue(Category::tweet_video, folder_ / "clip");
    ASSERT_TRUE(is_under_way(id));
    const auto worker = film_worker();
    const auto cancelled = upload(id).cancelled(clock_.now());
    ASSERT_TRUE(metadata_.change(*cancelled, UploadState::processing, std::nullopt));
    EXPECT_TRUE(eventually([&] { return ::kill(worker, 0) != 0; }, 1s));
    EXPECT_TRUE(eventually([&] { return scratch_is_empty(); }));
    EXPECT_EQ(upload(id).state, UploadState::cancelled);
}

TEST_F(Pool, AnImageDoesNotWaitBehindAFilm) {
    test::make_clip(folder_ / "clip", "1280x720", 20);
    test::make_phone_jpeg(folder_ / "image", "640x480", 1);
    start();
    const auto film = queue(Category::tweet_video, folder_ / "clip");
    const auto next = queue(Category::tweet_video, folder_ / "clip");
    ASSERT_TRUE(is_under_way(film));
    const auto image = queue(Category::tweet_image, folder_ / "image");
    ASSERT_TRUE(reaches(image, UploadState::ready));
    EXPECT_EQ(upload(film).state, UploadState::processing);
    EXPECT_EQ(upload(next).state, UploadState::queued);
}

TEST_F(Pool, WhatWasLearnedIsKeptOverARestart) {
    settings_.speed_file = folder_ / "speeds";
    test::make_clip(folder_ / "clip", "320x180", 1);
    start();
    const auto id = queue(Category::tweet_video, folder_ / "clip");
    ASSERT_TRUE(reaches(id, UploadState::ready));
    ASSERT_TRUE(eventually([&] { return metric_shows("result=\"ready\"} 1"); }));
    pool_->stop();
    SpeedLearner other;
    WorkerPool again(settings_, jobs_, other, metrics_);
    ASSERT_TRUE(again.start());
    const auto learned = speed_.factor(PredictedFrom::size, Family::video);
    EXPECT_NE(learned, 1);
    EXPECT_NEAR(other.factor(PredictedFrom::size, Family::video), learned, learned / 1000);
}

// There are more jobs than one, and all their bytes are in the same store.
TEST_F(Pool, AStoreThatIsAwayIsAskedMoreAndMoreSeldom) {
    test::make_phone_jpeg(folder_ / "picture", "640x480", 1);
    settings_.poll_interval = 20ms;
    blobs_.be_away(true);
    const auto first = queue(Category::tweet_image, folder_ / "picture");
    const auto second = queue(Category::tweet_image, folder_ / "picture");
    start();
    ASSERT_TRUE(eventually([&] { return blobs_.asked().size() == 3; }));
    blobs_.be_away(false);
    const auto asked = blobs_.asked();
    EXPECT_GE(asked[1] - asked[0], 1s);
    EXPECT_GE(asked[2] - asked[1], 2s);
    EXPECT_TRUE(reaches(first, UploadState::ready));
    EXPECT_TRUE(reaches(second, UploadState::ready));
    EXPECT_EQ(blobs_.asked().size(), 3U);
}

TEST(Slot, WaitsHalfAMinuteAtMostForAStore) {
    const auto pauses = {1s, 2s, 4s, 8s, 16s, 30s, 30s};
    for (int tries = 1; const auto pause : pauses) {
        EXPECT_EQ(pause_for_store(tries++), pause);
    }
    EXPECT_EQ(pause_for_store(1'000'000), 30s);
}

TEST_F(Pool, StoppingPutsTheJobBackWithoutCountingTheAttempt) {
    test::make_clip(folder_ / "clip", "1280x720", 20);
    start();
    const auto id = queue(Category::tweet_video, folder_ / "clip");
    ASSERT_TRUE(is_under_way(id));
    const auto before = std::chrono::steady_clock::now();
    pool_->stop();
    EXPECT_LT(std::chrono::steady_clock::now() - before, 2s);
    EXPECT_EQ(upload(id).state, UploadState::queued);
    EXPECT_EQ(upload(id).attempts, 0);
    EXPECT_TRUE(pool_->worker_pids().empty());
    EXPECT_TRUE(scratch_is_empty());
}

TEST_F(Pool, AWorkerProgramThatIsNotThereIsSaidAtTheStart) {
    settings_.worker_path = folder_ / "nothing";
    WorkerPool pool(settings_, jobs_, speed_, metrics_);
    const auto started = pool.start();
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().detail.find("nothing"), std::string::npos);
}

}  // namespace
}  // namespace sluice
