#include "base/text.hpp"

#include <gtest/gtest.h>

#include <array>

namespace sluice {
namespace {

TEST(ParseSize, TakesSizesAsPeopleWriteThem) {
    EXPECT_EQ(parse_size("512")->value, 512U);
    EXPECT_EQ(parse_size("5M")->value, 5U << 20);
    EXPECT_EQ(parse_size("2GiB")->value, 2ULL << 30);
    EXPECT_EQ(parse_size("64kb")->value, 64U << 10);
    for (const auto* bad :
         {"", "M", "5X", "-5", "5 M", "99999999999999999999", "99999999999G", "1.5M"}) {
        EXPECT_FALSE(parse_size(bad)) << bad;
    }
}

TEST(NearestWord, FindsAMisspellingAndNothingFarAway) {
    static constexpr std::array<std::string_view, 3> words{"serve", "upload", "status"};
    EXPECT_EQ(nearest_word("uplaod", words), "upload");
    EXPECT_EQ(nearest_word("STATUS", words), "status");
    EXPECT_FALSE(nearest_word("elephant", words));
}

TEST(PercentDecode, RefusesBrokenEscapes) {
    EXPECT_EQ(percent_decode("a%20b+c", true), "a b c");
    EXPECT_EQ(percent_decode("a+%2B", false), "a++");
    for (const auto* bad : {"%", "%4", "%zz", "a%"}) {
        EXPECT_FALSE(percent_decode(bad, true)) << bad;
    }
}

TEST(PercentEncode, IsUndoneByDecoding) {
    const std::string all = "a b+c/~._-\xff%";
    EXPECT_EQ(percent_decode(percent_encode(all), true), all);
}

TEST(Text, OnOneLineKeepsQuotesAndDropsWhatSteersATerminal) {
    EXPECT_EQ(on_one_line("curl -H \"A: b\"\x1b[2J\n", 100), "curl -H \"A: b\"?[2J?");
    EXPECT_EQ(on_one_line("abcdef", 3), "abc...");
}

TEST(Text, PrintableShowsEveryLanguageAndNoHalfCharacter) {
    EXPECT_EQ(printable("тест.mp4"), "тест.mp4");
    EXPECT_EQ(printable("a\"\r\n\x7f\xff\xd1"), "a'?????");
    EXPECT_EQ(printable("abcdef", 6), "abcdef");
    // Right to left: "gpj.exe" reads as "exe.jpg".
    for (const auto* turns :
         {"\xd8\x9c", "\xe2\x80\x8f", "\xe2\x80\xae", "\xe2\x81\xa7", "\xe2\x80\xa8", "\xc2\x9b"}) {
        EXPECT_EQ(printable(std::string("a") + turns + "gpj.exe"), "a?gpj.exe");
        EXPECT_EQ(on_one_line(std::string("a") + turns + "gpj.exe", 64), "a?gpj.exe");
    }
    EXPECT_EQ(
        printable("\xc2\xa0\xd8\x9b\xe2\x80\x90\xe2\x80\xaf"),
        "\xc2\xa0\xd8\x9b\xe2\x80\x90\xe2\x80\xaf"
    );
    EXPECT_EQ(
        on_one_line(
            "\xff\xd1"
            "a\n",
            64
        ),
        "\xff\xd1"
        "a?"
    ) << "what is no UTF-8 stays";
    EXPECT_EQ(printable("тест", 5), "те...");
}

}  // namespace
}  // namespace sluice
