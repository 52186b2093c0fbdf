#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Utf8, LeavesWhatIsWellFormed) {
    EXPECT_EQ(as_utf8("Gr\u00fc\u00dfe \U0001F600"), "Gr\u00fc\u00dfe \U0001F600");
    EXPECT_EQ(as_utf8(""), "");
}

TEST(Utf8, ReplacesEachByteThatIsNot) {
    EXPECT_EQ(as_utf8("a\xFF\xC3z"), "a\uFFFD\uFFFDz");
    EXPECT_EQ(as_utf8(std::string_view("a\0b", 3)), "a\uFFFDb");
    EXPECT_EQ(as_utf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD") << "a surrogate";
}

}  // namespace
}  // namespace sluice
