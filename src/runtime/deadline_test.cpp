#include "runtime/deadline.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

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
    deadline.set(50ms);
    loop.run_for(20ms);
    deadline.set(1h);
    loop.restart();
    loop.run_for(100ms);
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

}  // namespace
}  // namespace sluice::runtime
