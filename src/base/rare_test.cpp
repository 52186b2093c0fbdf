#include "base/rare.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

TEST(Rare, TakesNoRoomUntilThereIsAValue) {
    EXPECT_EQ(sizeof(Rare<std::string>), sizeof(void*));
    EXPECT_FALSE(Rare<std::string>());
}

TEST(Rare, CopiesTheValueAndNotThePlace) {
    Rare<std::string> one = std::string("a");
    Rare<std::string> other = one;
    *other += "b";
    EXPECT_EQ(*one, "a");
    EXPECT_EQ(*other, "ab");
    one = other;
    other.reset();
    EXPECT_EQ(one->size(), 2U);
    EXPECT_FALSE(other.has_value());
    other = Rare<std::string>();
    one = other;
    EXPECT_FALSE(one);
}

TEST(Rare, TakesAnOptional) {
    EXPECT_EQ(*Rare<int>(std::optional(7)), 7);
    EXPECT_FALSE(Rare<int>(std::optional<int>()));
}

}  // namespace
}  // namespace sluice
