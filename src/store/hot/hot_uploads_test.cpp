#include "store/hot/hot_uploads.hpp"

#include <gtest/gtest.h>

#include "store/hot/watched_metadata_store.hpp"
#include "store/memory/memory_metadata_store.hpp"
#include "store/metadata_store_suite.hpp"

namespace sluice {
namespace {

Upload upload_in(UploadState state, std::uint64_t id = 1) {
    Upload upload = open_upload(id);
    upload.state = state;
    return upload;
}

constexpr WallTime now = store_test_now;

std::optional<HotUpload> found(const HotUploads& hot, MediaId id, WallTime at) {
    return hot.find_either(id, at).upload;
}

std::optional<HotOpen> found_open(const HotUploads& hot, MediaId id) {
    return hot.find_either(id, now).open;
}

void keep_now(HotUploads& hot, const Upload& upload) {
    hot.keep({upload, now, {}}, hot.version_of(upload.id));
}

TEST(HotUploads, TellsWhatWasKept) {
    HotUploads hot;
    EXPECT_FALSE(found(hot, {1}, now));
    const Upload ready = upload_in(UploadState::ready);
    keep_now(hot, ready);
    ASSERT_TRUE(found(hot, {1}, now));
    EXPECT_EQ(found(hot, {1}, now)->upload, ready);
}

TEST(HotUploads, KeepsNoStateOfWhichTheRowTellsHalf) {
    for (const auto state :
         {UploadState::open,
          UploadState::sealed,
          UploadState::queued,
          UploadState::cancelled,
          UploadState::expired}) {
        HotUploads hot;
        keep_now(hot, upload_in(state));
        EXPECT_FALSE(found(hot, {1}, now)) << name_of(state);
    }
}

TEST(HotUploads, KeepsWhatWasWrittenIfNobodyElseWrote) {
    HotUploads hot;
    const Upload ready = upload_in(UploadState::ready);
    const auto seen = hot.version_of({1});
    {
        const HotUploads::Write own(hot, {1});
    }
    hot.keep({ready, now, {}}, HotUploads::after_own_write(seen));
    EXPECT_TRUE(found(hot, {1}, now));
    const auto before = hot.version_of({1});
    {
        const HotUploads::Write own(hot, {1});
    }
    {
        const HotUploads::Write anothers(hot, {1});
    }
    hot.keep({ready, now, {}}, HotUploads::after_own_write(before));
    EXPECT_FALSE(found(hot, {1}, now));
    const HotUploads::Write running(hot, {1});
    hot.keep({ready, now, {}}, HotUploads::after_own_write(hot.version_of({1})));
    EXPECT_FALSE(found(hot, {1}, now));
}

TEST(HotUploads, TellsOfAQueueForAMomentOnly) {
    HotUploads hot;
    const Upload queued = upload_in(UploadState::queued);
    hot.keep({queued, now, std::chrono::seconds(5)}, hot.version_of({1}));
    ASSERT_TRUE(found(hot, {1}, now + std::chrono::milliseconds(1000)));
    EXPECT_EQ(found(hot, {1}, now)->left, std::chrono::seconds(5));
    EXPECT_FALSE(found(hot, {1}, now + std::chrono::milliseconds(1001)));
    hot.keep({queued, now, std::chrono::seconds(60)}, hot.version_of({1}));
    EXPECT_TRUE(found(hot, {1}, now + std::chrono::milliseconds(6000)));
    EXPECT_FALSE(found(hot, {1}, now + std::chrono::milliseconds(6001)));
    EXPECT_FALSE(found(hot, {1}, now - std::chrono::milliseconds(1))) << "the clock was set back";
    const HotUploads::Claim claim(hot);
    EXPECT_FALSE(found(hot, {1}, now)) << "it may be the one that is taken";
}

TEST(HotUploads, TellsNothingWhileItIsWritten) {
    HotUploads hot;
    const Upload ready = upload_in(UploadState::ready);
    keep_now(hot, ready);
    {
        const HotUploads::Write write(hot, {1});
        EXPECT_FALSE(found(hot, {1}, now));
        EXPECT_FALSE(hot.version_of({1}));
        keep_now(hot, ready);
        EXPECT_FALSE(found(hot, {1}, now));
    }
    EXPECT_FALSE(found(hot, {1}, now));
    keep_now(hot, ready);
    EXPECT_TRUE(found(hot, {1}, now));
}

TEST(HotUploads, WhatWasReadBeforeAWriteIsNotKeptAfterIt) {
    HotUploads hot;
    const auto seen = hot.version_of({1});
    {
        const HotUploads::Write write(hot, {1});
    }
    hot.keep({upload_in(UploadState::ready), now, {}}, seen);
    EXPECT_FALSE(found(hot, {1}, now));
}

TEST(HotUploads, AClaimHidesWhatIsProcessedAndForgetsWhatItTook) {
    HotUploads hot;
    const auto seen = hot.version_of({2});
    keep_now(hot, upload_in(UploadState::processing, 1));
    keep_now(hot, upload_in(UploadState::processing, 2));
    keep_now(hot, upload_in(UploadState::ready, 3));
    {
        HotUploads::Claim claim(hot);
        EXPECT_FALSE(found(hot, {1}, now));
        EXPECT_TRUE(found(hot, {3}, now));
        hot.keep({upload_in(UploadState::processing, 2), now, {}}, seen);
        claim.was_of({2});
    }
    EXPECT_TRUE(found(hot, {1}, now));
    EXPECT_FALSE(found(hot, {2}, now));
    hot.keep({upload_in(UploadState::processing, 2), now, {}}, seen);
    EXPECT_FALSE(found(hot, {2}, now)) << "it was read before the claim";
}

TEST(HotUploads, IsBounded) {
    HotUploads hot;
    constexpr std::uint64_t count = 200'000;
    std::uint64_t kept = 0;
    for (std::uint64_t id = 1; id <= count; ++id) {
        keep_now(hot, upload_in(UploadState::ready, id));
    }
    for (std::uint64_t id = 1; id <= count; ++id) {
        kept += found(hot, {id}, now) ? 1 : 0;
    }
    EXPECT_LE(kept, 64 * 256);
    EXPECT_GT(kept, 0);
}

TEST(HotUploads, CountsTheQuestionsAboutAnOpenOne) {
    HotUploads hot;
    const HotOpen open{alice(), now, "No segment.", 3};
    hot.keep_open({1}, open, hot.version_of({1}));
    hot.was_asked(alice(), {1});
    hot.was_asked(bob(), {1});
    ASSERT_TRUE(found_open(hot, {1}));
    EXPECT_EQ(found_open(hot, {1})->asked, 4U);
    EXPECT_EQ(found_open(hot, {1})->facts, "No segment.");
    hot.forget_open({1});
    EXPECT_FALSE(found_open(hot, {1}));
}

TEST(HotUploads, FindsWhicheverItIs) {
    HotUploads hot;
    EXPECT_FALSE(hot.find_either({1}, now).open || hot.find_either({1}, now).upload);
    hot.keep_open({1}, {alice(), now, "No segment.", 3}, hot.version_of({1}));
    const auto open = hot.find_either({1}, now);
    ASSERT_TRUE(open.open);
    EXPECT_EQ(open.open->asked, 3U);
    EXPECT_FALSE(open.upload);

    const Upload ready = upload_in(UploadState::ready, 2);
    keep_now(hot, ready);
    const auto whole = hot.find_either({2}, now);
    ASSERT_TRUE(whole.upload);
    EXPECT_EQ(whole.upload->upload, ready);
    EXPECT_FALSE(whole.open);
}

TEST(HotUploads, WhatWasReadOfAnOpenOneBeforeItChangedIsNotKept) {
    HotUploads hot;
    const HotOpen open{alice(), now, "No segment.", 0};
    const auto keeps = [&](auto change) {
        const auto seen = hot.version_of({1});
        change();
        hot.keep_open({1}, open, seen);
        return found_open(hot, {1}).has_value();
    };
    EXPECT_FALSE(keeps([&] { hot.was_asked(alice(), {1}); }));
    EXPECT_FALSE(keeps([&] { hot.forget_open({1}); }));
    EXPECT_FALSE(keeps([&] { const HotUploads::Write write(hot, {1}); }));
    EXPECT_TRUE(keeps([] {}));
    const HotUploads::Write write(hot, {1});
    EXPECT_FALSE(found_open(hot, {1}));
    EXPECT_FALSE(keeps([] {}));
}

struct WatchedMemory final : MetadataStoreUnderTest {
    MetadataStore& store() override { return watched; }
    MemoryMetadataStore rows;
    HotUploads hot;
    WatchedMetadataStore watched{rows, hot};
};

INSTANTIATE_TEST_SUITE_P(Watched, MetadataStoreSuite, testing::Values([] {
                             return std::make_unique<WatchedMemory>();
                         }));

class WatchedStore : public testing::Test {
  protected:
    // Sealed, queued, claimed, and known to HotUploads as it is in the store.
    LeasedJob processing(std::uint64_t id) {
        WatchedMetadataStore& store = of.watched;
        const Upload open = open_upload(id);
        EXPECT_TRUE(store.create(open));
        EXPECT_TRUE(store.add_segment({id}, segment_of(id, 0, 100), {}, store_test_now));
        const auto whole = store.find_with_segments(alice(), {id});
        const Upload queued =
            *(*whole->upload.sealed(whole->segments, store_test_now)).queued(store_test_now);
        EXPECT_TRUE(store.change(queued, UploadState::open, job_of(id, store_test_now)));
        auto leased = store.claim_job(Lane::film, "here", store_test_now, lease);
        learn(id);
        return **leased;
    }
    void learn(std::uint64_t id) { keep_now(of.hot, *of.rows.find(alice(), {id})); }
    // What STATUS would be told is what the store has, or nothing.
    void expect_true(std::uint64_t id) {
        if (const auto told = found(of.hot, {id}, now)) {
            EXPECT_EQ(told->upload, *of.rows.find(alice(), {id}));
        }
    }

    static constexpr std::chrono::seconds lease{30};
    WatchedMemory of;
};

TEST_F(WatchedStore, NoChangeLeavesAnOlderStateBehind) {
    const LeasedJob job = processing(1);
    ASSERT_TRUE(found(of.hot, {1}, now));
    const Progress half{.percent = 50};
    ASSERT_TRUE(of.watched.heartbeat(job.id, job.fence, half, store_test_now, lease));
    expect_true(1);
    learn(1);
    const Upload ready = *job.upload.succeeded({}, store_test_now);
    ASSERT_TRUE(of.watched.finish_job(job.id, job.fence, ready, {output_of(9, "image")}));
    expect_true(1);
    learn(1);
    ASSERT_TRUE(of.watched.change(*ready.cancelled(store_test_now), UploadState::ready, {}));
    expect_true(1);
    learn(1);
    ASSERT_TRUE(of.watched.forget_bytes({1}));
    expect_true(1);
}

TEST_F(WatchedStore, EveryChangeOfAnOpenOneIsHeardOf) {
    WatchedMetadataStore& store = of.watched;
    ASSERT_TRUE(store.create(open_upload(1)));
    const auto forgets = [&](auto change) {
        of.hot.keep_open({1}, {alice(), now, "", 0}, of.hot.version_of({1}));
        EXPECT_TRUE(found_open(of.hot, {1}));
        EXPECT_TRUE(change());
        return !found_open(of.hot, {1});
    };
    EXPECT_TRUE(forgets([&] { return store.add_segment({1}, segment_of(1, 0, 100), {}, now); }));
    EXPECT_TRUE(forgets([&] { return store.drop_segments({1}, {SegmentIndex{0}}, now); }));
    EXPECT_TRUE(forgets([&] { return store.keep_all({{1}}, now); }));
    EXPECT_TRUE(forgets([&] {
        const Upload found = *store.find(alice(), {1});
        return store.change(*found.cancelled(now), UploadState::open, {});
    }));
}

TEST_F(WatchedStore, AReleasedJobIsNotProcessedAnyMore) {
    const LeasedJob job = processing(1);
    ASSERT_TRUE(of.watched.release_job(job.id, job.fence, store_test_now, Counted::as_failure));
    EXPECT_FALSE(found(of.hot, {1}, now));
    const LeasedJob again = **of.watched.claim_job(Lane::film, "here", store_test_now, lease);
    learn(1);
    ASSERT_TRUE(found(of.hot, {1}, now));
    ASSERT_TRUE(of.watched.release_jobs_of("here", store_test_now));
    EXPECT_FALSE(found(of.hot, {1}, now));
    EXPECT_EQ(again.id, job.id);
}

TEST_F(WatchedStore, AJobThatWasTakenOverIsAskedForAnew) {
    processing(1);
    ASSERT_TRUE(found(of.hot, {1}, now));
    const WallTime later = store_test_now + 2 * lease;
    ASSERT_TRUE(*of.watched.claim_job(Lane::film, "there", later, lease));
    EXPECT_FALSE(found(of.hot, {1}, now));
}

TEST_F(WatchedStore, AJobThatWasLostIsNotRememberedForEver) {
    const LeasedJob job = processing(1);
    ASSERT_TRUE(of.watched.change(
        *job.upload.cancelled(store_test_now), UploadState::processing, std::nullopt
    ));
    EXPECT_FALSE(of.watched.heartbeat(job.id, job.fence, {}, store_test_now, lease));
    keep_now(of.hot, upload_in(UploadState::ready, 9));
    ASSERT_TRUE(found(of.hot, {9}, now));
    EXPECT_FALSE(of.watched.heartbeat(job.id, job.fence, {}, store_test_now, lease));
    EXPECT_FALSE(found(of.hot, {9}, now)) << "whose it was is not known any more";
}

TEST_F(WatchedStore, AJobOfAProcessBeforeForgetsWhateverItMayBe) {
    const LeasedJob job = processing(1);
    WatchedMetadataStore another(of.rows, of.hot);  // has claimed nothing
    ASSERT_TRUE(another.heartbeat(job.id, job.fence, {.percent = 7}, store_test_now, lease));
    expect_true(1);
}

}  // namespace
}  // namespace sluice
