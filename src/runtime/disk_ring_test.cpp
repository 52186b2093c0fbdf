#include "runtime/disk_ring.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "runtime/event_loops.hpp"
#include "runtime/task_group.hpp"

namespace sluice::runtime {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;

UniqueFd temporary_file() {
    std::string name = "/tmp/sluice-ring-XXXXXX";
    UniqueFd file(::mkstemp(name.data()));
    ::unlink(name.c_str());
    return file;
}

std::vector<std::byte> content(int file, std::size_t length) {
    std::vector<std::byte> bytes(length);
    EXPECT_EQ(::pread(file, bytes.data(), length, 0), static_cast<ssize_t>(length));
    return bytes;
}

class DiskRingTest : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_TRUE(DiskRing::install(loops_.loop(0), arena_)); }

    void run(std::function<awaitable<void>(DiskRing&)> task) {
        group_.spawn(loops_.executor(0), with_ring(std::move(task)));
        loops_.start();
        ASSERT_TRUE(group_.drained(10s));
    }

    static awaitable<void> with_ring(std::function<awaitable<void>(DiskRing&)> task) {
        DiskRing* const ring = co_await DiskRing::of_this_loop();
        EXPECT_NE(ring, nullptr);
        if (ring != nullptr) {
            co_await task(*ring);
        }
    }

    UniqueFd file_ = temporary_file();
    BufferArena arena_{4};
    EventLoops loops_{1};
    TaskGroup group_{"test"};
};

DiskRing::Write filled(BufferArena::Buffer buffer, int file, std::uint64_t at, int value) {
    const auto bytes = buffer.bytes();
    std::ranges::fill(bytes, static_cast<std::byte>(value));
    return {.file = file, .at = {at}, .bytes = bytes, .buffer = std::move(buffer)};
}

TEST_F(DiskRingTest, WritesWhereItIsToldAndGivesTheBuffersBack) {
    run([this](DiskRing& ring) -> awaitable<void> {
        constexpr std::size_t size = BufferArena::buffer_size;
        for (int round = 0; round < 10; ++round) {
            auto a = ring.start(filled(*arena_.try_take(), file_.get(), 0, round));
            auto b = ring.start(filled(*arena_.try_take(), file_.get(), size, round + 100));
            EXPECT_TRUE((co_await a.wait()).has_value());
            EXPECT_TRUE((co_await b.wait()).has_value());
        }
        const auto bytes = content(file_.get(), 2 * size);
        EXPECT_EQ(std::ranges::count(bytes, std::byte{9}), size);
        EXPECT_EQ(std::ranges::count(bytes, std::byte{109}), size);
    });
    for (int i = 0; i < 4; ++i) {
        EXPECT_TRUE(arena_.try_take().has_value() || i > 0);
    }
}

TEST_F(DiskRingTest, SaysWhyAWriteFailed) {
    run([this](DiskRing& ring) -> awaitable<void> {
        const UniqueFd unwritable(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        auto written =
            co_await ring.start(filled(*arena_.try_take(), unwritable.get(), 0, 1)).wait();
        EXPECT_FALSE(written.has_value());
        const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
        auto to_full = co_await ring.start(filled(*arena_.try_take(), full.get(), 0, 1)).wait();
        EXPECT_FALSE(to_full.has_value());
        if (!to_full) {
            EXPECT_EQ(to_full.error().code, ErrorCode::storage_full);
        }
    });
}

TEST_F(DiskRingTest, FinishesAWriteThatNobodyWaitsFor) {
    auto kept = std::make_shared<int>(0);
    const std::weak_ptr<int> watched = kept;
    run([this, &kept](DiskRing& ring) -> awaitable<void> {
        auto write = filled(*arena_.try_take(), file_.get(), 0, 7);
        write.keep = std::move(kept);
        static_cast<void>(ring.start(std::move(write)));
        // Behind the first one in the same ring and file: when it has ended, both have been seen.
        EXPECT_TRUE((co_await ring.start(filled(*arena_.try_take(), file_.get(), 1 << 20, 8)).wait()
        )
                        .has_value());
    });
    loops_.stop();
    loops_.join();
    EXPECT_EQ(content(file_.get(), 1).front(), std::byte{7});
}

// A timer that was there before the ring ends after it, and with it the frame of whoever waits for that timer.
TEST(DiskRing, AWriteThatNobodyWaitedForMayOutliveTheRing) {
    const auto file = temporary_file();
    BufferArena arena{1};
    BufferArena::Buffer buffer = *arena.try_take();
    auto loop = std::make_unique<boost::asio::io_context>(1);
    TaskGroup group{"test"};
    bool has_started = false;
    {
        boost::asio::steady_timer first(*loop);
        ASSERT_TRUE(DiskRing::install(*loop, arena));
    }
    group.spawn(
        loop->get_executor(),
        [](int file, std::span<std::byte> bytes, bool* has_started) -> awaitable<void> {
            DiskRing* const ring = co_await DiskRing::of_this_loop();
            const auto pending = ring->start({.file = file, .at = {0}, .bytes = bytes});
            boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, 1h);
            *has_started = true;
            co_await timer.async_wait(boost::asio::use_awaitable);
        }(file.get(), buffer.bytes(), &has_started)
    );
    while (!has_started) {
        loop->run_one();
    }
    loop.reset();
}

}  // namespace
}  // namespace sluice::runtime
