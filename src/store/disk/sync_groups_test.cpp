#include "store/disk/sync_groups.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace sluice::disk {
namespace {

using std::chrono::milliseconds;

TEST(SyncGroups, OneSyncServesAllWhoCameBeforeIt) {
    SyncGroups groups;
    std::atomic<int> written = 0;
    std::atomic<int> syncs = 0;
    std::atomic<int> running = 0;
    std::atomic<int> synced = 0;  // as much of `written` as a sync has seen
    const auto sync = [&]() -> Result<void> {
        EXPECT_EQ(++running, 1);
        const int seen = written;
        std::this_thread::sleep_for(milliseconds(20));
        synced = seen;
        ++syncs;
        --running;
        return ok();
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i) {
        threads.emplace_back([&] {
            const int own = ++written;
            EXPECT_TRUE(groups.run({7}, sync));
            EXPECT_GE(synced, own) << "a sync that began before has been taken for its own";
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_LT(syncs, 16);
    EXPECT_TRUE(groups.run({7}, sync));
}

TEST(SyncGroups, AllOfAGroupHaveItsFailureAndTheNextGroupHasNot) {
    SyncGroups groups;
    std::atomic<int> began = 0;
    std::atomic<int> failures = 0;
    std::vector<std::thread> threads;
    const auto sync = [&]() -> Result<void> {
        const int number = ++began;
        std::this_thread::sleep_for(milliseconds(number == 1 ? 200 : 1));
        return number == 2 ? Result<void>(Error{ErrorCode::storage_failed}) : ok();
    };
    threads.emplace_back([&] { EXPECT_TRUE(groups.run({7}, sync)); });
    while (began == 0) {
        std::this_thread::yield();
    }
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] { failures += groups.run({7}, sync) ? 0 : 1; });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(began, 2);
    EXPECT_EQ(failures, 4);
    EXPECT_TRUE(groups.run({7}, sync));
}

TEST(SyncGroups, BlobsDoNotWaitForEachOther) {
    SyncGroups groups;
    bool is_reached = false;
    const auto outcome = groups.run({7}, [&] {
        return groups.run({8}, [&]() -> Result<void> {
            is_reached = true;
            return ok();
        });
    });
    EXPECT_TRUE(outcome);
    EXPECT_TRUE(is_reached);
}

}  // namespace
}  // namespace sluice::disk
