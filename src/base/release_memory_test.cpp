#include "base/release_memory.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

TEST(ReleaseMemory, LeavesNoCapacity) {
    std::vector<int> numbers(1000);
    release_memory(numbers);
    EXPECT_EQ(numbers.capacity(), 0U);
    std::string text(1000, 'x');
    release_memory(text);
    EXPECT_TRUE(text.empty());
    EXPECT_LT(text.capacity(), 100U);
}

}  // namespace
}  // namespace sluice
