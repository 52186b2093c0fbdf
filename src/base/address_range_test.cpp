#include "base/address_range.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(AddressRange, HoldsWhatBeginsLikeIt) {
    const auto ten = AddressRange::parse("10.0.0.0/8");
    ASSERT_TRUE(ten);
    EXPECT_TRUE(ten->contains("10.255.3.4"));
    EXPECT_TRUE(ten->contains("::ffff:10.1.2.3"));
    EXPECT_FALSE(ten->contains("11.0.0.1"));
    EXPECT_FALSE(ten->contains("::1"));
    EXPECT_FALSE(ten->contains("10.0.0.1:8080"));
    EXPECT_FALSE(ten->contains(""));
    const auto one = AddressRange::parse("::1");
    ASSERT_TRUE(one);
    EXPECT_TRUE(one->contains("::1"));
    EXPECT_FALSE(one->contains("::2"));
    EXPECT_TRUE(AddressRange::parse("0.0.0.0/0")->contains("192.0.2.7"));
    EXPECT_FALSE(AddressRange::parse("0.0.0.0/0")->contains("2001:db8::1"));
    EXPECT_TRUE(AddressRange::parse("2001:db8::/32")->contains("2001:db8:7::1"));
}

TEST(AddressRange, IsNothingElse) {
    for (const char* text :
         {"", "10.0.0", "10.0.0.0/33", "10.0.0.1/8", "::1/129", "proxy", "10.0.0.0/", "1.2.3.4:80"
         }) {
        EXPECT_FALSE(AddressRange::parse(text)) << text;
    }
}

}  // namespace
}  // namespace sluice
