// The part of the suite that is about usage and quotas.
#include <atomic>
#include <thread>
#include <vector>

#include "store/metadata_store_suite.hpp"

namespace sluice {

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

TEST_P(MetadataStoreSuite, KeepsTheQuotaAmongCallsAtTheSameTime) {
    std::atomic<int> taken = 0;
    std::vector<std::thread> threads;
    for (std::uint64_t id = 1; id <= 16; ++id) {
        threads.emplace_back([this, id, &taken] {
            taken += store().create(open_upload(id), {.uploads_open_max = 5}) ? 1 : 0;
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(taken, 5);
}

}  // namespace sluice
