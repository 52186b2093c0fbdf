#include "runtime/task_group.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>

#include "runtime/event_loops.hpp"

namespace sluice::runtime {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;
using boost::asio::use_awaitable;

awaitable<void> count_up(std::shared_ptr<std::atomic<int>> counter) {
    counter->fetch_add(1);
    co_return;
}

awaitable<void> fail() {
    throw std::runtime_error("on purpose");
    co_return;
}

// Counts its own end, however it comes.
awaitable<void> sleep_long(
    boost::asio::any_io_executor executor, std::shared_ptr<std::atomic<int>> ended
) {
    struct CountEnd {
        std::atomic<int>& ended;
        ~CountEnd() { ended.fetch_add(1); }
    } count_end{*ended};
    boost::asio::steady_timer timer(executor, 1h);
    co_await timer.async_wait(use_awaitable);
}

TEST(TaskGroup, RunsTasksOnSeveralLoopsAndKnowsWhenTheLastIsGone) {
    EventLoops loops(2);
    loops.start();
    TaskGroup group("test");
    auto counter = std::make_shared<std::atomic<int>>(0);
    for (int i = 0; i < 1000; ++i) {
        group.spawn(loops.executor(i % 2), count_up(counter));
    }
    EXPECT_TRUE(group.drained(10s));
    EXPECT_EQ(counter->load(), 1000);
    EXPECT_EQ(group.size(), 0u);
}

TEST(TaskGroup, OutlivesATaskThatThrows) {
    EventLoops loops(1);
    loops.start();
    TaskGroup group("test");
    auto counter = std::make_shared<std::atomic<int>>(0);
    group.spawn(loops.executor(0), fail());
    group.spawn(loops.executor(0), count_up(counter));
    EXPECT_TRUE(group.drained(10s));
    EXPECT_EQ(counter->load(), 1);
}

TEST(TaskGroup, CancelEndsWhatWaitsOnEveryLoop) {
    EventLoops loops(2);
    loops.start();
    TaskGroup group("test");
    auto ended = std::make_shared<std::atomic<int>>(0);
    for (int i = 0; i < 100; ++i) {
        group.spawn(loops.executor(i % 2), sleep_long(loops.executor(i % 2), ended));
    }
    EXPECT_FALSE(group.drained(20ms));
    group.cancel();
    EXPECT_TRUE(group.drained(10s));
    EXPECT_EQ(ended->load(), 100);
}

TEST(TaskGroup, StartsNothingAfterCancel) {
    EventLoops loops(1);
    loops.start();
    TaskGroup group("test");
    group.cancel();
    auto counter = std::make_shared<std::atomic<int>>(0);
    group.spawn(loops.executor(0), count_up(counter));
    EXPECT_TRUE(group.drained(1s));
    EXPECT_EQ(counter->load(), 0);
}

}  // namespace
}  // namespace sluice::runtime
