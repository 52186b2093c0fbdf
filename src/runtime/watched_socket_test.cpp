#include "runtime/watched_socket.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/unique_fd.hpp"
#include "runtime/task_group.hpp"

namespace sluice::runtime {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

// Both ends of a connection, the first one watched.
struct Pair {
    explicit Pair(asio::io_context& loop) {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
        ours = UniqueFd(ends[0]);
        other = UniqueFd(ends[1]);
        watched.emplace(loop, ours.get());
    }
    void say(std::string_view text) const {
        EXPECT_EQ(::send(other.get(), text.data(), text.size(), 0), std::ssize(text));
    }
    // So that there is no room for more, and room again.
    void fill() const {
        const std::string much(1'000'000, 'x');
        while (::send(ours.get(), much.data(), much.size(), 0) > 0) {
        }
    }
    void drain() const {
        std::string swallowed(1'000'000, ' ');
        while (::recv(other.get(), swallowed.data(), swallowed.size(), 0) > 0) {
        }
    }
    // What a read gives, with so much room.
    std::string hear(std::size_t room) {
        std::string text(room, ' ');
        const auto got = ::recv(ours.get(), text.data(), room, 0);
        watched->note_read(got, room);
        text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return text;
    }

    UniqueFd ours;
    UniqueFd other;
    std::optional<WatchedSocket> watched;
};

class WatchedSocketTest : public ::testing::Test {
  protected:
    // Until all that was spawned is over and nobody is watched.
    void run(awaitable<void> task) {
        group_.spawn(loop_.get_executor(), std::move(task));
        loop_.run();
        loop_.restart();
    }

    asio::io_context loop_{1};
    TaskGroup group_{"test"};
};

TEST_F(WatchedSocketTest, TellsOfEachArrivalAndIsNotAskedBetween) {
    std::string heard;
    run([](asio::io_context* loop, std::string* heard) -> awaitable<void> {
        Pair pair(*loop);
        EXPECT_FALSE(pair.watched->may_read());
        for (const std::string_view text : {"one", "two", "three"}) {
            asio::post(*loop, [&pair, text] { pair.say(text); });
            EXPECT_TRUE(co_await pair.watched->readable());
            *heard += pair.hear(100);
            EXPECT_FALSE(pair.watched->may_read());
        }
    }(&loop_, &heard));
    EXPECT_EQ(heard, "onetwothree");
}

TEST_F(WatchedSocketTest, KnowsThatAFullReadMayHaveLeftSomething) {
    run([](asio::io_context* loop) -> awaitable<void> {
        Pair pair(*loop);
        pair.say("abcd");
        EXPECT_TRUE(co_await pair.watched->readable());
        EXPECT_EQ(pair.hear(2), "ab");
        EXPECT_TRUE(pair.watched->may_read());
        EXPECT_EQ(pair.hear(2), "cd");
        EXPECT_TRUE(pair.watched->may_read());
        EXPECT_EQ(pair.hear(2), "");
        EXPECT_FALSE(pair.watched->may_read());
    }(&loop_));
}

// The end comes with the last bytes, as one piece of news.
TEST_F(WatchedSocketTest, RemembersTheEnd) {
    run([](asio::io_context* loop) -> awaitable<void> {
        Pair pair(*loop);
        pair.say("last");
        pair.other.reset();
        EXPECT_TRUE(co_await pair.watched->readable());
        EXPECT_EQ(pair.hear(100), "last");
        EXPECT_TRUE(pair.watched->may_read());
        EXPECT_TRUE(co_await pair.watched->readable());
        EXPECT_EQ(pair.hear(100), "");
    }(&loop_));
}

TEST_F(WatchedSocketTest, WaitsForRoom) {
    run([](asio::io_context* loop) -> awaitable<void> {
        Pair pair(*loop);
        pair.fill();
        bool has_room = false;
        asio::post(*loop, [&] {
            has_room = true;
            pair.drain();
        });
        EXPECT_TRUE(co_await pair.watched->writable());
        EXPECT_TRUE(has_room);
        EXPECT_TRUE(co_await pair.watched->writable());  // of which the kernel has told before
        pair.say("hello");
        EXPECT_TRUE(pair.watched->may_read() || co_await pair.watched->readable());
        EXPECT_EQ(pair.hear(100), "hello");
    }(&loop_));
}

TEST_F(WatchedSocketTest, EndsAWaitThatIsCancelledAndTheNextOneGoesOn) {
    run([](asio::io_context* loop) -> awaitable<void> {
        Pair pair(*loop);
        asio::post(*loop, [&] { pair.watched->cancel(); });
        EXPECT_FALSE(co_await pair.watched->readable());
        asio::post(*loop, [&] { pair.say("after"); });
        EXPECT_TRUE(co_await pair.watched->readable());
        EXPECT_EQ(pair.hear(100), "after");
    }(&loop_));
}

TEST_F(WatchedSocketTest, EndsWithItsTask) {
    bool was_readable = true;
    asio::post(loop_, [this] {
        group_.cancel();
        group_.cancel();
    });
    run([](asio::io_context* loop, bool* was_readable) -> awaitable<void> {
        Pair pair(*loop);
        *was_readable = co_await pair.watched->readable();
    }(&loop_, &was_readable));
    EXPECT_FALSE(was_readable);
    EXPECT_EQ(group_.size(), 0U);
}

TEST_F(WatchedSocketTest, OfTwoThatAreReadyTheFirstMayEndTheSecond) {
    Pair first(loop_);
    Pair second(loop_);
    int told = 0;
    const auto end_other = [](Pair* own, Pair* other, int* told) -> awaitable<void> {
        EXPECT_EQ(co_await own->watched->readable(), ++*told == 1);
        if (*told == 1) {
            other->watched->cancel();
        }
        own->watched.reset();
    };
    group_.spawn(loop_.get_executor(), end_other(&first, &second, &told));
    group_.spawn(loop_.get_executor(), end_other(&second, &first, &told));
    asio::post(loop_, [&] {
        first.say("a");
        second.say("b");
    });
    loop_.run();
    EXPECT_EQ(told, 2);
    // And one that nobody waits for, gone in the round in which it is told of.
    Pair mover(loop_);
    auto gone = std::make_unique<Pair>(loop_);
    Pair late(loop_);
    gone->say("x");
    late.say("y");
    mover.say("z");
    loop_.restart();
    run([](Pair* mover, std::unique_ptr<Pair>* gone, Pair* late) -> awaitable<void> {
        EXPECT_TRUE(co_await mover->watched->readable());
        gone->reset();
        EXPECT_TRUE(late->watched->may_read() || co_await late->watched->readable());
        mover->watched.reset();
        late->watched.reset();
    }(&mover, &gone, &late));
    EXPECT_EQ(gone, nullptr);
}

TEST_F(WatchedSocketTest, TheEndOfARoundComesAfterAllThatWasReady) {
    std::string order;
    const auto answer = [](asio::io_context* loop, char name, std::string* order, int* open
                        ) -> awaitable<void> {
        Pair pair(*loop);
        pair.say("?");
        EXPECT_TRUE(co_await pair.watched->readable());
        order->push_back(name);
        co_await pair.watched->end_of_round();
        order->push_back(static_cast<char>(name - 'a' + 'A'));
        --*open;
    };
    int open = 2;
    group_.spawn(loop_.get_executor(), answer(&loop_, 'a', &order, &open));
    group_.spawn(loop_.get_executor(), answer(&loop_, 'b', &order, &open));
    loop_.run();
    EXPECT_EQ(open, 0);
    EXPECT_TRUE(order == "abAB" || order == "baBA") << order;
}

TEST_F(WatchedSocketTest, WhileItRestsItIsToldOfNothingButWhatItWaitsFor) {
    run([](asio::io_context* loop) -> awaitable<void> {
        Pair other(*loop);
        Pair pair(*loop);
        pair.watched->rest();
        for (const std::string_view text : {"one", "two"}) {
            pair.say(text);
            other.say("round");
            EXPECT_TRUE(co_await other.watched->readable());
            EXPECT_EQ(other.hear(100), "round");
            EXPECT_FALSE(pair.watched->may_read());
            EXPECT_TRUE(co_await pair.watched->readable());  // what has come before
            EXPECT_EQ(pair.hear(100), text);
        }
        asio::post(*loop, [&] { pair.say("three"); });
        EXPECT_TRUE(co_await pair.watched->readable());
        EXPECT_EQ(pair.hear(100), "three");
        pair.say("four");
        pair.watched->wake();
        EXPECT_TRUE(co_await pair.watched->readable());
        EXPECT_EQ(pair.hear(100), "four");
        asio::post(*loop, [&] { pair.say("five"); });
        EXPECT_TRUE(co_await pair.watched->readable());
        EXPECT_EQ(pair.hear(100), "five");
    }(&loop_));
}

TEST_F(WatchedSocketTest, WhileItRestsAWaitForRoomOutlastsNewsOfBytes) {
    run([](asio::io_context* loop) -> awaitable<void> {
        Pair pair(*loop);
        pair.fill();
        pair.watched->rest();
        pair.say("a byte");
        asio::steady_timer later(*loop, std::chrono::milliseconds(20));
        later.async_wait([&](const boost::system::error_code&) { pair.drain(); });
        asio::steady_timer limit(*loop, std::chrono::seconds(5));
        limit.async_wait([&](const boost::system::error_code& error) {
            if (!error) {
                pair.watched->cancel();
            }
        });
        EXPECT_TRUE(co_await pair.watched->writable());
        limit.cancel();
    }(&loop_));
}

// What comes for those who do not wait wakes nobody: the loop ends though they are there, and have news.
TEST_F(WatchedSocketTest, TheLoopRunsForThoseAloneWhoWait) {
    Pair idle(loop_);
    Pair pair(loop_);
    idle.say("later");
    asio::post(loop_, [&] { pair.say("now"); });
    run([](Pair* pair) -> awaitable<void> {
        EXPECT_TRUE(co_await pair->watched->readable());
        EXPECT_EQ(pair->hear(100), "now");
    }(&pair));
    run([](Pair* idle) -> awaitable<void> {
        EXPECT_TRUE(idle->watched->may_read() || co_await idle->watched->readable());
        EXPECT_EQ(idle->hear(100), "later");
    }(&idle));
}

TEST_F(WatchedSocketTest, WhatStillWaitsIsDestroyedWithTheLoop) {
    const auto witness = std::make_shared<int>(0);
    {
        asio::io_context loop{1};
        TaskGroup group("test");
        for (int i = 0; i < 3; ++i) {
            group.spawn(
                loop.get_executor(),
                [](asio::io_context* loop, std::shared_ptr<int>) -> awaitable<void> {
                    Pair pair(*loop);
                    co_await pair.watched->readable();
                    ADD_FAILURE() << "resumed";
                }(&loop, witness)
            );
        }
        loop.poll();
        EXPECT_EQ(witness.use_count(), 4);
    }
    EXPECT_EQ(witness.use_count(), 1);
}

}  // namespace
}  // namespace sluice::runtime
