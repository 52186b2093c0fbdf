#include "runtime/deadline.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <list>
#include <memory>
#include <vector>

namespace sluice::runtime {
namespace {

using namespace std::chrono_literals;

TEST(Deadline, ExpiresOnce) {
    boost::asio::io_context loop;
    int calls = 0;
    Deadline deadline(loop.get_executor(), [&] { ++calls; });
    deadline.set(5ms);
    EXPECT_FALSE(deadline.has_expired());
    loop.run_for(100ms);
    EXPECT_TRUE(deadline.has_expired());
    EXPECT_EQ(calls, 1);
}

TEST(Deadline, RenewedInTimeDoesNotExpire) {
    boost::asio::io_context loop;
    int calls = 0;
    Deadline deadline(loop.get_executor(), [&] { ++calls; });
    deadline.set(500ms);
    loop.run_for(20ms);
    deadline.set(1h);
    loop.restart();
    loop.run_for(600ms);
    EXPECT_EQ(calls, 0);
    EXPECT_FALSE(deadline.has_expired());
}

TEST(Deadline, ShortenedExpiresAtTheNewTime) {
    boost::asio::io_context loop;
    int calls = 0;
    Deadline deadline(loop.get_executor(), [&] { ++calls; });
    deadline.set(1h);
    deadline.set(5ms);
    loop.run_for(100ms);
    EXPECT_EQ(calls, 1);
}

TEST(Deadline, ClearedDoesNotExpire) {
    boost::asio::io_context loop;
    int calls = 0;
    Deadline deadline(loop.get_executor(), [&] { ++calls; });
    deadline.set(5ms);
    deadline.clear();
    loop.run_for(50ms);
    EXPECT_EQ(calls, 0);
}

TEST(Deadline, IsSilentAfterItsEnd) {
    boost::asio::io_context loop;
    int calls = 0;
    {
        Deadline deadline(loop.get_executor(), [&] { ++calls; });
        deadline.set(1ms);
    }
    loop.run_for(20ms);
    EXPECT_EQ(calls, 0);
}

TEST(Deadline, ThoseOfALoopExpireInTheirOrder) {
    boost::asio::io_context loop;
    std::vector<int> expired;
    struct Named {
        std::vector<int>& expired;
        int number;
    };
    std::list<Named> names;
    std::vector<std::unique_ptr<Deadline>> all;
    for (int i = 0; i < 50; ++i) {
        names.push_back({expired, i});
        all.push_back(std::make_unique<Deadline>(loop.get_executor(), [&named = names.back()] {
            named.expired.push_back(named.number);
        }));
    }
    for (int i = 0; i < 50; ++i) {
        const int n = i * 17 % 50;
        all[static_cast<std::size_t>(n)]->set(std::chrono::milliseconds(1 + n));
    }
    all[7].reset();
    all[20]->clear();
    all[30]->set(1h);
    loop.run_for(300ms);
    ASSERT_EQ(expired.size(), 47U);
    EXPECT_TRUE(std::ranges::is_sorted(expired));
    EXPECT_FALSE(all[30]->has_expired());
}

TEST(Deadline, OneMayBeSetAgainAndAnotherEndWhileOneExpires) {
    boost::asio::io_context loop;
    struct Both {
        int calls = 0;
        std::unique_ptr<Deadline> other;
        std::unique_ptr<Deadline> again;
    } both;
    both.other = std::make_unique<Deadline>(loop.get_executor(), [&both] { both.calls += 100; });
    both.again = std::make_unique<Deadline>(loop.get_executor(), [&both] {
        both.other.reset();
        if (++both.calls < 3) {
            both.again->set(1ms);
        }
    });
    both.again->set(1ms);
    both.other->set(1ms);
    loop.run_for(100ms);
    EXPECT_EQ(both.calls % 100, 3);
}

TEST(Deadline, MayEndItselfWhileItExpires) {
    boost::asio::io_context loop;
    struct Own {
        int calls = 0;
        std::unique_ptr<Deadline> deadline;
    } own;
    own.deadline = std::make_unique<Deadline>(loop.get_executor(), [&own] {
        own.deadline.reset();
        ++own.calls;
    });
    own.deadline->set(1ms);
    loop.run_for(100ms);
    EXPECT_EQ(own.calls, 1);
}

TEST(Deadline, OutlivesItsLoopsWork) {
    std::unique_ptr<Deadline> deadline;
    boost::asio::io_context loop;
    deadline = std::make_unique<Deadline>(loop.get_executor(), [] {});
    deadline->set(1h);
    loop.run_for(1ms);
    loop.stop();
    deadline.reset();
    loop.restart();
    EXPECT_EQ(loop.run_for(1s), 1U) << "the timer is cancelled, and nothing keeps the loop";
}

}  // namespace
}  // namespace sluice::runtime
