#include "runtime/buffer_arena.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include "runtime/event_loops.hpp"
#include "runtime/task_group.hpp"

namespace sluice::runtime {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;

TEST(BufferArena, GivesItsBuffersOnceEachAndAligned) {
    BufferArena arena(3);
    std::vector<BufferArena::Buffer> taken;
    std::set<std::byte*> addresses;
    while (auto buffer = arena.try_take()) {
        addresses.insert(buffer->bytes().data());
        taken.push_back(std::move(*buffer));
    }
    EXPECT_EQ(addresses.size(), 3);
    for (std::byte* at : addresses) {
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(at) % 4096, 0);
        EXPECT_TRUE(arena.contains(at));
        EXPECT_TRUE(arena.contains(at + BufferArena::buffer_size - 1));
    }
    taken.pop_back();
    EXPECT_TRUE(arena.try_take().has_value());
}

struct Waited {
    std::vector<int> order;
    std::unique_ptr<BufferArena::Buffer> held;
};

awaitable<void> take_one(BufferArena& arena, std::shared_ptr<Waited> seen, int number) {
    auto buffer = co_await arena.take();
    seen->order.push_back(number);
}

awaitable<void> hold_one(BufferArena& arena, std::shared_ptr<Waited> seen) {
    seen->held = std::make_unique<BufferArena::Buffer>(co_await arena.take());
}

awaitable<void> let_go(BufferArena& arena, std::shared_ptr<Waited> seen) {
    EXPECT_TRUE(arena.is_wanted());
    // Nobody overtakes those who wait.
    seen->held.reset();
    EXPECT_FALSE(arena.try_take().has_value());
    co_return;
}

TEST(BufferArena, LetsTheFirstWhoWaitsBeTheFirstWhoIsServed) {
    BufferArena arena(1);
    EventLoops loops(1);
    TaskGroup group("test");
    auto seen = std::make_shared<Waited>();
    group.spawn(loops.executor(0), hold_one(arena, seen));
    for (int number = 1; number <= 3; ++number) {
        group.spawn(loops.executor(0), take_one(arena, seen, number));
    }
    group.spawn(loops.executor(0), let_go(arena, seen));
    loops.start();
    ASSERT_TRUE(group.drained(10s));
    EXPECT_EQ(seen->order, (std::vector<int>{1, 2, 3}));
    EXPECT_FALSE(arena.is_wanted());
    EXPECT_TRUE(arena.try_take().has_value());
}

}  // namespace
}  // namespace sluice::runtime
