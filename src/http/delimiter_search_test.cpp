#include "http/delimiter_search.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace sluice::http {
namespace {

TEST(DelimiterSearch, FindsWhatFindFindsWhereverItStands) {
    std::mt19937 random(1);
    for (const std::size_t length : {4UL, 5UL, 38UL, 74UL}) {
        std::string what = "\r\n--";
        while (what.size() < length) {
            what += static_cast<char>('a' + random() % 3);
        }
        const DelimiterSearch search(what);
        for (int round = 0; round < 300; ++round) {
            // Few different bytes, so that pairs and long beginnings of it occur often.
            std::string text(33'000 + random() % 500, ' ');
            for (char& c : text) {
                c = "\r\n-abc..........."[random() % 16];
            }
            const std::size_t place = random() % (text.size() - what.size() + 1);
            if (round % 3 != 0) {
                text.replace(place, what.size(), what);
            }
            if (round % 3 == 2) {
                text.replace(place / 2, what.size() - 1, what, 0, what.size() - 1);
            }
            ASSERT_EQ(search.find_in(text), text.find(what)) << length << " round " << round;
        }
    }
}

TEST(DelimiterSearch, FindsItAtBothEnds) {
    const std::string what = "\r\n--boundary";
    const DelimiterSearch search(what);
    std::string text(100'000, 'x');
    EXPECT_EQ(search.find_in(text), std::string::npos);
    for (std::size_t off = 0; off < 300; ++off) {
        std::string last = text;
        last.replace(last.size() - what.size() - off, what.size(), what);
        EXPECT_EQ(search.find_in(last), last.size() - what.size() - off);
        std::string first = text;
        first.replace(off, what.size(), what);
        EXPECT_EQ(search.find_in(first), off);
    }
    text.replace(text.size() - what.size() + 1, what.size() - 1, what, 0, what.size() - 1);
    EXPECT_EQ(search.find_in(text), std::string::npos);
}

TEST(DelimiterSearch, FindsItInTextMadeOfItsOwnBeginning) {
    const std::string what = "\r\n--\r\n--x";
    const DelimiterSearch search(what);
    std::string text;
    while (text.size() < 70'000) {
        text += "\r\n--";
    }
    EXPECT_EQ(search.find_in(text), std::string::npos);
    EXPECT_EQ(search.find_in(text + "x"), text.size() + 1 - what.size());
}

}  // namespace
}  // namespace sluice::http
