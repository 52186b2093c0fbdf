#include "protocol/delivery/range.hpp"

#include <gtest/gtest.h>

namespace sluice::protocol::delivery {
namespace {

TEST(Range, ReadsOneByteRange) {
    EXPECT_EQ(parse_range("bytes=0-9", 100).value(), (ByteRange{0, 9}));
    EXPECT_EQ(parse_range("bytes=90-", 100).value(), (ByteRange{90, 99}));
    EXPECT_EQ(parse_range("bytes=-10", 100).value(), (ByteRange{90, 99}));
    EXPECT_EQ(parse_range("bytes=-1000", 100).value(), (ByteRange{0, 99}));
    EXPECT_EQ(parse_range("bytes=5-1000", 100).value(), (ByteRange{5, 99}));
}

TEST(Range, SendsTheWholeForWhatItDoesNotServe) {
    for (const auto* field :
         {"",
          "bytes=",
          "bytes=-",
          "items=0-1",
          "bytes=0-1,5-6",
          "bytes=a-b",
          "bytes=9-1",
          "bytes=--1"}) {
        const auto range = parse_range(field, 100);
        ASSERT_TRUE(range) << field;
        EXPECT_FALSE(*range) << field;
    }
}

TEST(Range, RefusesWhatLiesOutside) {
    for (const auto* field : {"bytes=100-", "bytes=-0", "bytes=1000-2000"}) {
        EXPECT_EQ(parse_range(field, 100).error().code, ErrorCode::range_not_satisfiable) << field;
    }
    EXPECT_FALSE(parse_range("bytes=0-", 0));
}

}  // namespace
}  // namespace sluice::protocol::delivery
