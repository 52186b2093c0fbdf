#include "runtime/bulk_turn.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "runtime/task_group.hpp"

namespace sluice::runtime {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

awaitable<void> move_pieces(asio::io_context* loop, std::string* order, char name, int pieces) {
    for (int i = 0; i < pieces; ++i) {
        co_await bulk_turn(*loop);
        order->push_back(name);
    }
}

TEST(BulkTurn, GoesRoundFromBodyToBody) {
    asio::io_context loop{1};
    TaskGroup group("test");
    std::string order;
    group.spawn(loop.get_executor(), move_pieces(&loop, &order, 'a', 3));
    group.spawn(loop.get_executor(), move_pieces(&loop, &order, 'b', 3));
    loop.run();
    EXPECT_EQ(order, "ababab");
}

TEST(BulkTurn, LetsAllSmallHandlersThatAreReadyGoFirst) {
    asio::io_context loop{1};
    TaskGroup group("test");
    std::string order;
    group.spawn(loop.get_executor(), move_pieces(&loop, &order, 'A', 2));
    group.spawn(loop.get_executor(), move_pieces(&loop, &order, 'B', 2));
    asio::post(loop, [&] {
        order.push_back('s');
        asio::post(loop, [&] {
            order.push_back('t');  // also what a small handler leads to
            asio::post(loop, [&] { order.push_back('u'); });
        });
    });
    loop.run();
    EXPECT_EQ(order, "stuABAB");
}

// Each starts the next one: there is always one that is ready.
struct Endless {
    asio::io_context& loop;
    bool& goes_on;
    void operator()() const {
        if (goes_on) {
            asio::post(loop, *this);
        }
    }
};

awaitable<void> move_and_end(asio::io_context* loop, bool* goes_on) {
    co_await bulk_turn(*loop);
    *goes_on = false;
}

TEST(BulkTurn, ComesThoughSmallHandlersNeverEnd) {
    asio::io_context loop{1};
    TaskGroup group("test");
    bool goes_on = true;
    group.spawn(loop.get_executor(), move_and_end(&loop, &goes_on));
    asio::post(loop, Endless{loop, goes_on});
    loop.run_for(std::chrono::seconds(10));
    EXPECT_FALSE(goes_on);
}

TEST(BulkTurn, CountsTheTimeOfSmallHandlersAndNotTheirNumber) {
    asio::io_context loop{1};
    TaskGroup group("test");
    bool goes_on = true;
    int handled = 0;
    group.spawn(loop.get_executor(), move_and_end(&loop, &goes_on));
    std::function<void()> busy = [&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        ++handled;
        if (goes_on) {
            asio::post(loop, busy);
        }
    };
    asio::post(loop, busy);
    loop.run_for(std::chrono::seconds(10));
    EXPECT_FALSE(goes_on);
    EXPECT_LE(handled, 20);
}

awaitable<void> hold_and_wait(asio::io_context* loop, std::shared_ptr<int> held) {
    co_await bulk_turn(*loop);
    *held += 1;
}

TEST(BulkTurn, IsForgottenWithItsLoop) {
    TaskGroup group("test");
    auto held = std::make_shared<int>(0);
    {
        asio::io_context loop{1};
        group.spawn(loop.get_executor(), hold_and_wait(&loop, held));
        // One handler starts the task, which then waits for a turn that nobody gives.
        loop.run_one();
        EXPECT_EQ(held.use_count(), 2);
    }
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_EQ(*held, 0);
}

}  // namespace
}  // namespace sluice::runtime
