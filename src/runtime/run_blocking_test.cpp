#include "runtime/run_blocking.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "base/signal.hpp"
#include "runtime/event_loops.hpp"
#include "runtime/task_group.hpp"

namespace sluice::runtime {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;

struct Seen {
    std::thread::id before;
    std::thread::id work;
    std::thread::id after;
    std::string value;
};

awaitable<void> observe(BlockingPool& pool, std::shared_ptr<Seen> seen) {
    seen->before = std::this_thread::get_id();
    auto owned = std::make_unique<std::string>("from the pool");
    auto work = [&seen = *seen,
                 owned = std::move(owned)]() -> Result<std::unique_ptr<std::string>> {
        seen.work = std::this_thread::get_id();
        return std::make_unique<std::string>(*owned);
    };
    auto result = co_await run_blocking(pool, std::move(work));
    seen->after = std::this_thread::get_id();
    seen->value = result ? **result : "";
}

TEST(RunBlocking, WorksOnAThreadOfThePoolAndResumesOnTheLoop) {
    BlockingPool pool(1);
    EventLoops loops(1);
    loops.start();
    TaskGroup group("test");
    auto seen = std::make_shared<Seen>();
    group.spawn(loops.executor(0), observe(pool, seen));
    ASSERT_TRUE(group.drained(10s));
    pool.stop_and_join();  // its thread may still be within the post
    EXPECT_EQ(seen->before, seen->after);
    EXPECT_NE(seen->before, seen->work);
    EXPECT_NE(seen->work, std::this_thread::get_id());
    EXPECT_EQ(seen->value, "from the pool");
}

struct Slow {
    std::atomic<bool> has_begun = false;
    std::atomic<bool> may_end = false;
    std::atomic<bool> work_has_ended = false;
    std::atomic<bool> frame_left_early = false;
};

awaitable<void> wait_for_slow_work(BlockingPool& pool, std::shared_ptr<Slow> slow) {
    struct OnLeaving {
        Slow& slow;
        ~OnLeaving() { slow.frame_left_early = !slow.work_has_ended; }
    } on_leaving{*slow};
    auto work = [&slow = *slow] {
        slow.has_begun = true;
        while (!slow.may_end) {
            std::this_thread::sleep_for(1ms);
        }
        slow.work_has_ended = true;
    };
    co_await run_blocking(pool, work);
}

TEST(RunBlocking, WaitsForTheWorksEndEvenWhenCancelled) {
    BlockingPool pool(1);
    EventLoops loops(1);
    loops.start();
    TaskGroup group("test");
    auto slow = std::make_shared<Slow>();
    group.spawn(loops.executor(0), wait_for_slow_work(pool, slow));
    while (!slow->has_begun) {
        std::this_thread::sleep_for(1ms);
    }
    group.cancel();
    EXPECT_FALSE(group.drained(50ms));
    slow->may_end = true;
    EXPECT_TRUE(group.drained(10s));
    pool.stop_and_join();
    EXPECT_FALSE(slow->frame_left_early);
}

awaitable<void> add_often(BlockingPool& pool, std::shared_ptr<std::atomic<int>> sum) {
    for (int i = 0; i < 100; ++i) {
        auto work = [i] { return i; };
        const int value = co_await run_blocking(pool, work);
        sum->fetch_add(value);
    }
}

TEST(RunBlocking, ServesManyCoroutinesWithFewThreads) {
    BlockingPool pool(3);
    EventLoops loops(2);
    loops.start();
    TaskGroup group("test");
    auto sum = std::make_shared<std::atomic<int>>(0);
    for (int i = 0; i < 50; ++i) {
        group.spawn(loops.executor(i % 2), add_often(pool, sum));
    }
    ASSERT_TRUE(group.drained(30s));
    pool.stop_and_join();
    EXPECT_EQ(sum->load(), 50 * 4950);
}

struct Waiters {
    static constexpr std::size_t count = 8;
    std::array<Signal, count> signals;
    std::atomic<std::size_t> arrived = 0;
    std::atomic<std::size_t> gone_on = 0;
};

awaitable<void> wait_for_signal(
    BlockingPool& pool, std::shared_ptr<Waiters> waiters, std::size_t i
) {
    auto work = [&waiters = *waiters, i] {
        const std::string own(64, static_cast<char>('a' + i));
        waiters.arrived.fetch_add(1);
        waiters.signals.at(i).wait();
        waiters.gone_on.fetch_add(own == std::string(64, static_cast<char>('a' + i)) ? 1 : 0);
    };
    co_await run_blocking(pool, work);
}

// One thread, so all of them can only have arrived if none kept it.
TEST(RunBlocking, WorkThatWaitsForASignalLeavesItsThreadToOthers) {
    BlockingPool pool(1, 0, Waiters::count);
    EventLoops loops(1);
    loops.start();
    TaskGroup group("test");
    auto waiters = std::make_shared<Waiters>();
    for (std::size_t i = 0; i < Waiters::count; ++i) {
        group.spawn(loops.executor(0), wait_for_signal(pool, waiters, i));
    }
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (waiters->arrived < Waiters::count && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(1ms);
    }
    EXPECT_EQ(waiters->arrived, Waiters::count);
    EXPECT_EQ(waiters->gone_on, 0U);
    std::vector<Signal*> all;
    for (Signal& signal : waiters->signals) {
        all.push_back(&signal);
    }
    Signal::give_all(all);
    EXPECT_TRUE(group.drained(10s));
    EXPECT_EQ(waiters->gone_on, Waiters::count);
    pool.stop_and_join();
}

struct Meeting {
    Signal signal;
    std::atomic<bool> has_arrived = false;
    std::atomic<bool> may_end = false;
    std::atomic<bool> has_ended = false;
};

// As the leader of a pack: goes on after the signal, and then stands in a sync.
awaitable<void> wait_then_block(BlockingPool& pool, std::shared_ptr<Meeting> meeting) {
    auto work = [&of = *meeting] {
        of.has_arrived = true;
        of.signal.wait();
        for (int i = 0; i < 500 && !of.may_end; ++i) {
            std::this_thread::sleep_for(1ms);
        }
        of.has_ended = true;
    };
    co_await run_blocking(pool, work);
}

awaitable<void> signal_then_work(
    BlockingPool& pool, std::shared_ptr<Meeting> meeting, std::shared_ptr<std::atomic<int>> behind
) {
    meeting->signal.give();
    auto work = [&of = *meeting, &count = *behind] {
        count += of.has_ended ? 1 : 0;
        of.may_end = true;
    };
    co_await run_blocking(pool, work);
}

TEST(RunBlocking, NewWorkDoesNotStandBehindWorkThatGoesOnWhileThreadsAreFree) {
    BlockingPool pool(4, 0, 4);
    EventLoops loops(1);
    loops.start();
    TaskGroup group("test");
    auto behind = std::make_shared<std::atomic<int>>(0);
    for (int i = 0; i < 10; ++i) {
        auto meeting = std::make_shared<Meeting>();
        group.spawn(loops.executor(0), wait_then_block(pool, meeting));
        while (!meeting->has_arrived) {
            std::this_thread::sleep_for(1ms);
        }
        std::this_thread::sleep_for(2ms);
        group.spawn(loops.executor(0), signal_then_work(pool, meeting, behind));
        ASSERT_TRUE(group.drained(10s));
    }
    EXPECT_EQ(*behind, 0);
    pool.stop_and_join();
}

struct Rounds {
    std::array<std::atomic<Signal*>, 16> posts{};
    std::atomic<int> sum = 0;
    std::atomic<bool> has_ended = false;
};

// A signal may be given before, while and after the work leaves its thread.
awaitable<void> wait_often(BlockingPool& pool, std::shared_ptr<Rounds> rounds, std::size_t i) {
    auto work = [&rounds = *rounds, i] {
        for (int round = 0; round < 200; ++round) {
            Signal signal;
            rounds.posts.at(i) = &signal;
            signal.wait();
        }
        rounds.sum.fetch_add(200);
    };
    co_await run_blocking(pool, work);
}

TEST(RunBlocking, NoSignalIsLostWhileWorkMovesBetweenThreads) {
    BlockingPool pool(4, 0, 16);
    EventLoops loops(2);
    loops.start();
    TaskGroup group("test");
    auto rounds = std::make_shared<Rounds>();
    std::thread giver([&rounds = *rounds] {
        while (!rounds.has_ended) {
            for (auto& post : rounds.posts) {
                if (Signal* signal = post.exchange(nullptr); signal != nullptr) {
                    signal->give();
                }
            }
        }
    });
    for (std::size_t i = 0; i < 16; ++i) {
        group.spawn(loops.executor(i % 2), wait_often(pool, rounds, i));
    }
    EXPECT_TRUE(group.drained(30s));
    rounds->has_ended = true;
    giver.join();
    pool.stop_and_join();
    EXPECT_EQ(rounds->sum, 16 * 200);
}

struct Late {
    std::atomic<int> begun = 0;
    std::atomic<int> gone_on = 0;
};

awaitable<void> ask_late(BlockingPool& pool, std::shared_ptr<Late> late) {
    auto work = [&begun = late->begun] { ++begun; };
    co_await run_blocking(pool, work);
    ++late->gone_on;
}

awaitable<void> begin_late(BlockingPool& pool, std::shared_ptr<Late> late) {
    auto work = [&begun = late->begun] { ++begun; };
    co_await begin_here(pool, work);
    ++late->gone_on;
}

TEST(RunBlocking, WhatIsAskedForAfterThePoolHasStoppedEndsAsCancelled) {
    BlockingPool pool(1, 0, 1);
    pool.stop_and_join();
    EventLoops loops(1);
    loops.start();
    TaskGroup group("test");
    auto late = std::make_shared<Late>();
    testing::internal::CaptureStderr();
    group.spawn(loops.executor(0), ask_late(pool, late));
    group.spawn(loops.executor(0), begin_late(pool, late));
    EXPECT_TRUE(group.drained(10s));
    EXPECT_EQ(late->begun, 0) << "on the loop, which stands meanwhile";
    EXPECT_EQ(late->gone_on, 0);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << "it is no failure";
}

}  // namespace
}  // namespace sluice::runtime
