#include "server/sweeper.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "runtime/event_loops.hpp"
#include "runtime/task_group.hpp"
#include "store/memory/memory_metadata_store.hpp"

namespace sluice::server {
namespace {

using namespace std::chrono_literals;

// A folder that nodes share, in which nothing is named.
class SweepOfBlobs : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = std::filesystem::temp_directory_path() / "sluice-sweep.XXXXXX";
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
        auto opened = open_blobs("file://" + folder_ + "/storage", folder_, true, clock_);
        ASSERT_TRUE(opened) << opened.error().facts;
        blobs_ = *std::move(opened);
        auto writer = blobs_.store->stage({7});
        ASSERT_TRUE(writer && (*writer)->write(std::vector<std::byte>(10)) && (*writer)->commit());
    }
    void TearDown() override {
        tasks_.cancel();
        EXPECT_TRUE(tasks_.drained(5s));
        pool_.stop_and_join();
        loops_.stop();
        loops_.join();
        std::filesystem::remove_all(folder_);
    }

    void start(UnnamedBlobs unnamed) {
        tasks_.spawn(loops_.executor(0), sweep_blobs_forever(std::move(unnamed), &pool_, 5ms));
        loops_.start();
    }
    bool is_there() {
        std::array<std::byte, 10> bytes{};
        return blobs_.store->read({{7}, {0}, {10}}, {0}, bytes).has_value();
    }
    bool goes_within(std::chrono::milliseconds patience) {
        const auto until = std::chrono::steady_clock::now() + patience;
        while (is_there() && std::chrono::steady_clock::now() < until) {
            std::this_thread::sleep_for(5ms);
        }
        return !is_there();
    }

    std::string folder_;
    SystemClock system_;
    ManualClock clock_{system_.now()};
    BlobEngine blobs_;
    MemoryMetadataStore metadata_;
    runtime::BlockingPool pool_{1};
    runtime::EventLoops loops_{1};
    runtime::TaskGroup tasks_{"sweep"};
};

TEST_F(SweepOfBlobs, WhatNobodyNamesGoesWhenItIsOld) {
    start({.blobs = &blobs_, .metadata = &metadata_, .clock = &clock_});
    EXPECT_FALSE(goes_within(200ms)) << "it is young";
    clock_.advance(2h);
    EXPECT_TRUE(goes_within(10s));
}

TEST_F(SweepOfBlobs, OnlyTheNodeWhoseTurnItIsLooks) {
    clock_.advance(2h);
    std::atomic<bool> is_ours = false;
    start({
        .blobs = &blobs_,
        .metadata = &metadata_,
        .clock = &clock_,
        .is_ours = [&is_ours] { return is_ours.load(); },
    });
    EXPECT_FALSE(goes_within(200ms));
    is_ours = true;
    EXPECT_TRUE(goes_within(10s));
}

TEST_F(SweepOfBlobs, NothingIsRemovedByWhoStops) {
    clock_.advance(2h);
    std::atomic<int> asked = 0;
    start({
        .blobs = &blobs_,
        .metadata = &metadata_,
        .clock = &clock_,
        .is_stopping = [&asked] { return ++asked > 0; },
    });
    EXPECT_FALSE(goes_within(200ms));
    EXPECT_GT(asked, 1) << "it looked";
}

}  // namespace
}  // namespace sluice::server
