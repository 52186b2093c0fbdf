#include "protocol/delivery/running_sums.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/digest.hpp"

namespace sluice::protocol::delivery {
namespace {

constexpr std::string_view content = "one-two-three";

SegmentSum sum_of(std::string_view text) {
    return {{text.size()}, crc32c(std::as_bytes(std::span(text)))};
}

std::vector<SegmentSum> segments() {
    return {sum_of("one-"), sum_of("two-"), sum_of("three")};
}

// Read from `first` in pieces of `length`.
bool is_same(std::string_view read, std::size_t first, std::size_t length) {
    RunningSums sums(segments());
    for (std::size_t at = first; at < read.size(); at += length) {
        const auto piece = read.substr(at, length);
        if (!sums.take(at, std::as_bytes(std::span(piece)))) {
            return false;
        }
    }
    return true;
}

TEST(RunningSums, SeeABitThatChangedInAWholeSegmentHoweverItIsCut) {
    for (std::size_t wrong = 0; wrong < content.size(); ++wrong) {
        std::string changed(content);
        changed[wrong] ^= 1;
        for (std::size_t length = 1; length <= content.size(); ++length) {
            EXPECT_TRUE(is_same(content, 0, length)) << length;
            EXPECT_FALSE(is_same(changed, 0, length)) << wrong << " " << length;
        }
    }
}

TEST(RunningSums, CompareNothingOfASegmentThatIsReadInPart) {
    for (std::size_t first = 1; first < content.size(); ++first) {
        for (std::size_t length = 1; length <= content.size(); ++length) {
            EXPECT_TRUE(is_same(content, first, length)) << first << " " << length;
            const bool meets_second = first <= 4;
            EXPECT_EQ(is_same("one-twO-three", first, length), !meets_second) << first;
        }
    }
}

TEST(RunningSums, BeginAnewAtASegmentThatIsReadAgain) {
    RunningSums sums(segments());
    const auto take = [&sums](std::uint64_t at, std::string_view text) {
        return sums.take(at, std::as_bytes(std::span(text)));
    };
    EXPECT_TRUE(take(0, "one-t"));
    EXPECT_TRUE(take(4, "two"));
    EXPECT_TRUE(take(6, "o-")) << "in its middle";
    EXPECT_TRUE(take(4, "tw"));
    const auto place = sums.place();
    EXPECT_FALSE(take(6, "O-"));
    sums.go_back_to(place);
    EXPECT_TRUE(take(6, "o-")) << "right the second time";
    EXPECT_TRUE(take(0, "one-"));
    EXPECT_TRUE(take(2, "e-tw")) << "a slow reader has given half of it back";
    EXPECT_FALSE(take(5, "wo+")) << "and the rest is still compared";
    EXPECT_TRUE(RunningSums({}).take(0, std::as_bytes(std::span(content))));
}

}  // namespace
}  // namespace sluice::protocol::delivery
