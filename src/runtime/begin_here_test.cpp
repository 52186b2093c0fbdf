#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "base/signal.hpp"
#include "runtime/event_loops.hpp"
#include "runtime/run_blocking.hpp"
#include "runtime/task_group.hpp"

namespace sluice::runtime {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;

// By numbers of the system: the compiler takes it that the id of a thread stays the same within a function.
struct Way {
    pid_t loop = 0;
    pid_t begun = 0;
    pid_t after_signal = 0;
    pid_t after_blocking = 0;
    pid_t after_second_signal = 0;
    pid_t after_work = 0;
    Signal first;
    Signal second;
    std::atomic<bool> has_paused = false;
    std::atomic<bool> has_moved = false;
    std::atomic<bool> loop_is_free = false;
};

awaitable<void> go_all_ways(BlockingPool& pool, std::shared_ptr<Way> way) {
    way->loop = ::gettid();
    auto work = [&of = *way] {
        of.begun = ::gettid();
        of.has_paused = true;
        of.first.wait();
        of.after_signal = ::gettid();
        before_blocking();
        of.after_blocking = ::gettid();
        before_blocking();  // nothing to it, there
        of.has_moved = true;
        of.second.wait();
        of.after_second_signal = ::gettid();
    };
    co_await begin_here(pool, work);
    way->after_work = ::gettid();
}

awaitable<void> be_seen(std::shared_ptr<Way> way) {
    way->loop_is_free = true;
    co_return;
}

void wait_for(const std::atomic<bool>& flag) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!flag && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(1ms);
    }
    ASSERT_TRUE(flag);
}

TEST(BeginHere, StaysOnTheLoopOverASignalAndLeavesItBeforeItBlocks) {
    BlockingPool pool(2, 0, 2);
    EventLoops loops(1);
    loops.start();
    TaskGroup group("test");
    auto way = std::make_shared<Way>();
    group.spawn(loops.executor(0), go_all_ways(pool, way));
    wait_for(way->has_paused);
    group.spawn(loops.executor(0), be_seen(way));
    wait_for(way->loop_is_free);  // while the work waits
    EXPECT_EQ(pool.load().busy, 1U);
    way->first.give();
    wait_for(way->has_moved);
    way->second.give();
    ASSERT_TRUE(group.drained(10s));
    pool.stop_and_join();
    EXPECT_EQ(way->begun, way->loop);
    EXPECT_EQ(way->after_signal, way->loop);
    EXPECT_NE(way->after_blocking, way->loop);
    EXPECT_NE(way->after_second_signal, way->loop);
    EXPECT_EQ(way->after_work, way->loop);
    EXPECT_EQ(pool.load().busy, 0U);
}

struct Crowd {
    static constexpr std::size_t count = 24;
    std::array<std::atomic<Signal*>, count> posts{};
    std::atomic<int> waits_done = 0;
    std::atomic<bool> has_ended = false;
};

void wait_often(Crowd& crowd, std::size_t i) {
    for (int round = 0; round < 20; ++round) {
        Signal signal;
        crowd.posts.at(i) = &signal;
        signal.wait();
        crowd.waits_done.fetch_add(1);
    }
}

awaitable<void> come_often(BlockingPool& pool, std::shared_ptr<Crowd> crowd, std::size_t i) {
    for (int job = 0; job < 20; ++job) {
        auto work = [&of = *crowd, i, job] {
            wait_often(of, i);
            if (job % 3 == 0) {
                before_blocking();
            }
            wait_often(of, i);
        };
        co_await begin_here(pool, work);
    }
}

// More come than there are fibers, so some begin on the threads.
TEST(BeginHere, LosesNoSignalOnAnyOfItsWays) {
    BlockingPool pool(4, 0, 16);
    EventLoops loops(2);
    loops.start();
    TaskGroup group("test");
    auto crowd = std::make_shared<Crowd>();
    std::thread giver([&of = *crowd] {
        std::vector<Signal*> some;
        while (!of.has_ended) {
            some.clear();
            for (auto& post : of.posts) {
                if (Signal* signal = post.exchange(nullptr); signal != nullptr) {
                    some.push_back(signal);
                }
            }
            Signal::give_all(some);
        }
    });
    for (std::size_t i = 0; i < Crowd::count; ++i) {
        group.spawn(loops.executor(i % 2), come_often(pool, crowd, i));
    }
    EXPECT_TRUE(group.drained(60s));
    crowd->has_ended = true;
    giver.join();
    pool.stop_and_join();
    EXPECT_EQ(crowd->waits_done, static_cast<int>(Crowd::count) * 20 * 40);
}

awaitable<void> block_at_once(BlockingPool& pool, std::shared_ptr<std::atomic<int>> done) {
    auto work = [&count = *done] {
        before_blocking();
        count += 1;
    };
    co_await begin_here(pool, work);
}

TEST(BeginHere, EndsBeforeThePoolDoesAndDoesNotBeginAfterIt) {
    BlockingPool pool(1, 0, 1);
    EventLoops loops(1);
    loops.start();
    TaskGroup group("test");
    auto way = std::make_shared<Way>();
    group.spawn(loops.executor(0), go_all_ways(pool, way));
    wait_for(way->has_paused);
    std::thread stopper([&pool] { pool.stop_and_join(); });
    std::this_thread::sleep_for(10ms);
    way->first.give();
    wait_for(way->has_moved);
    way->second.give();
    ASSERT_TRUE(group.drained(10s));
    stopper.join();
    auto done = std::make_shared<std::atomic<int>>(0);
    group.spawn(loops.executor(0), block_at_once(pool, done));
    ASSERT_TRUE(group.drained(10s));
    EXPECT_EQ(*done, 0);
}

}  // namespace
}  // namespace sluice::runtime
