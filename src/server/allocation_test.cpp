#include <gtest/gtest.h>
#include <malloc.h>

#include <cstddef>
#include <cstring>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace sluice::server {
namespace {

struct Owned {
    std::byte* bytes;
    std::size_t size;
    std::byte mark;
};

bool is_whole(const Owned& block) {
    for (std::size_t i = 0; i < block.size; ++i) {
        if (block.bytes[i] != block.mark) {
            return false;
        }
    }
    return true;
}

// Blocks of all sizes come and go in any order, and none is given to two.
void come_and_go(unsigned seed) {
    std::mt19937 random(seed);
    std::vector<Owned> blocks;
    for (int i = 0; i < 20'000; ++i) {
        if (blocks.size() < 50 || random() % 2 == 0) {
            const std::size_t size = 1 + random() % 10'000;
            auto* const bytes = static_cast<std::byte*>(::operator new(size));
            const auto mark = static_cast<std::byte>(random());
            ASSERT_GE(::malloc_usable_size(bytes), size);
            std::memset(bytes, static_cast<int>(mark), size);
            blocks.push_back({bytes, size, mark});
        } else {
            std::swap(blocks[random() % blocks.size()], blocks.back());
            const Owned block = blocks.back();
            blocks.pop_back();
            ASSERT_TRUE(is_whole(block)) << block.size;
            if (random() % 2 == 0) {
                ::operator delete(block.bytes, block.size);
            } else {
                ::operator delete(block.bytes);
            }
        }
    }
    for (const Owned& block : blocks) {
        ASSERT_TRUE(is_whole(block)) << block.size;
        ::operator delete(block.bytes);
    }
}

TEST(Allocation, GivesNoBlockToTwo) {
    come_and_go(1);
}

TEST(Allocation, IsEachThreadsOwnAndEndsWithIt) {
    std::vector<std::thread> threads;
    for (unsigned seed = 2; seed < 6; ++seed) {
        threads.emplace_back(come_and_go, seed);
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

TEST(Allocation, TakesWhatAnotherThreadMade) {
    std::vector<void*> blocks;
    std::thread([&blocks] {
        for (std::size_t size = 1000; size < 9000; size += 7) {
            blocks.push_back(::operator new(size));
        }
    }).join();
    for (void* block : blocks) {
        ::operator delete(block);
    }
    come_and_go(6);
}

TEST(Allocation, KeepsNoMoreThanItIsBoundTo) {
    constexpr std::size_t size = 4000;
    constexpr std::size_t count = 20'000;
    const auto in_use = [] { return ::mallinfo2().uordblks; };
    std::vector<void*> blocks;
    blocks.reserve(count);
    const std::size_t before = in_use();
    for (std::size_t i = 0; i < count; ++i) {
        blocks.push_back(::operator new(size));
    }
    EXPECT_GT(in_use(), before + count * size / 2) << "the test sees it";
    for (void* block : blocks) {
        ::operator delete(block);
    }
    EXPECT_LT(in_use(), before + 1024 * 1024);
}

}  // namespace
}  // namespace sluice::server
