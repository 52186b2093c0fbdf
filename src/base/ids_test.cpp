#include "base/ids.hpp"

#include <gtest/gtest.h>

#include <set>

namespace sluice {
namespace {

TEST(IdSource, GivesRisingIdsAlsoWhenTheClockStandsOrStepsBack) {
    ManualClock clock;
    IdSource ids(clock, 1);
    std::uint64_t last = 0;
    for (int i = 0; i < 10'000; ++i) {
        if (i == 5'000) {
            clock.advance(std::chrono::hours(-1));
        }
        const std::uint64_t next = ids.next();
        ASSERT_GT(next, last);
        last = next;
    }
}

TEST(IdSource, GoesOnBehindTheNewestOneOfAnEarlierProcessThoughTheClockSteppedBack) {
    ManualClock clock;
    const std::uint64_t newest = IdSource(clock, 7).next();
    clock.advance(std::chrono::hours(-1));
    IdSource ids(clock, 1);
    ids.begin_after(newest);
    EXPECT_GT(ids.next(), newest);
    clock.advance(std::chrono::hours(2));
    IdSource usual(clock, 1);
    const std::uint64_t now = IdSource(clock, 1).next();
    usual.begin_after(newest);
    EXPECT_EQ(usual.next(), now) << "where the clock is ahead, nothing changes";
    IdSource first(clock, 1);
    first.begin_after(0);
    EXPECT_EQ(first.next(), now);
}

TEST(IdSource, NeverMakesOneThatLooksRounded) {
    ManualClock clock;
    IdSource ids(clock, 0);
    for (int i = 0; i < 10'000; ++i) {
        ASSERT_NE(ids.next() % 100, 0U);
        clock.advance(std::chrono::milliseconds(i % 3));
    }
}

TEST(IdSource, LooksLikeXsIds) {
    ManualClock clock;
    EXPECT_EQ(MediaId{IdSource(clock, 0).next()}.text().size(), 19U);
}

TEST(IdSource, CarriesItsShard) {
    ManualClock clock;
    EXPECT_EQ((IdSource(clock, 513).next() >> 12) & 1023, 513U);
}

TEST(MediaId, ParsesOnlyPositiveNumbersOf63Bits) {
    EXPECT_EQ(MediaId::parse("1349803915521482754")->value, 1349803915521482754U);
    for (const auto* bad :
         {"",
          "0",
          "-1",
          "+1",
          " 1",
          "1 ",
          "undefined",
          "9223372036854775808",
          "12345678901234567890",
          "7_12"}) {
        EXPECT_FALSE(MediaId::parse(bad)) << bad;
    }
}

// Crockford's base 32: ids sort by time.
TEST(RequestId, BeginsWithTheTime) {
    ManualClock clock;
    const auto milliseconds = static_cast<std::uint64_t>(clock.now().time_since_epoch().count());
    const std::string id = make_request_id(clock);
    std::uint64_t read = 0;
    for (const char c : id.substr(4, 10)) {
        read = read * 32 + std::string_view("0123456789abcdefghjkmnpqrstvwxyz").find(c);
    }
    EXPECT_EQ(read, milliseconds);  // two zeros in front, and 48 bits
}

TEST(RequestId, IsPrefixedAndUnique) {
    SystemClock clock;
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::string id = make_request_id(clock);
        EXPECT_EQ(id.size(), 30U);
        EXPECT_TRUE(id.starts_with("req_"));
        EXPECT_TRUE(seen.insert(id).second);
    }
}

}  // namespace
}  // namespace sluice
