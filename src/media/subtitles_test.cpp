#include "media/subtitles.hpp"

#include <gtest/gtest.h>

#include "media/subtitle_text.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

std::string vtt_of(std::string_view bytes) {
    const auto read = read_subtitles(bytes);
    return read ? write_vtt(*read) : told(read.error());
}

TEST(Subtitles, ASubRipFileBecomesWebVtt) {
    const auto read = read_subtitles(
        "1\n00:00:01,000 --> 00:00:02,500\nHello <i>there</i>\nsecond line\n\n"
        "2\n00:00:03,000 --> 00:00:04,000\nBye\n"
    );
    ASSERT_TRUE(read) << told(read.error());
    EXPECT_EQ(read->media_type, "text/srt");
    ASSERT_EQ(read->cues.size(), 2u);
    EXPECT_EQ(read->cues[0].begins, 1000ms);
    EXPECT_EQ(read->cues[0].ends, 2500ms);
    EXPECT_EQ(
        write_vtt(*read),
        "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nHello <i>there</i>\nsecond line\n\n"
        "00:00:03.000 --> 00:00:04.000\nBye\n"
    );
}

TEST(Subtitles, WebVttKeepsKnownSettingsAndLosesTheRest) {
    EXPECT_EQ(
        vtt_of(
            "WEBVTT - title\nX-TIMESTAMP-MAP=MPEGTS:1\n\nNOTE a remark\nover two lines\n\n"
            "STYLE\n::cue { color: red }\n\n"
            "intro\n00:01.000 --> 01:02.000 align:start evil:<x> line:10%\n<v Ann>Hi &amp; hello\n"
        ),
        "WEBVTT\n\n00:00:01.000 --> 00:01:02.000 align:start line:10%\n<v Ann>Hi &amp; hello\n"
    );
}

TEST(Subtitles, HaveAtMostTenThousandCuesOfTwoThousandBytes) {
    const std::string cue = "1\n00:00:01,000 --> 00:00:02,000\nx\n\n";
    std::string text;
    for (int i = 0; i < 10'000; ++i) {
        text += cue;
    }
    EXPECT_TRUE(read_subtitles(text));
    EXPECT_EQ(vtt_of(text + cue), "line 40001: expected at most 10000 cues, got more");
    const std::string head = "1\n00:00:01,000 --> 00:00:02,000\n";
    EXPECT_TRUE(read_subtitles(head + std::string(2048, 'x')));
    EXPECT_EQ(
        vtt_of(head + std::string(2049, 'x')),
        "line 1: expected at most 2048 bytes of text in a cue, got 2049"
    );
}

TEST(Subtitles, MarksAndLineEndsOfEverySystemAreTaken) {
    const std::string expected = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\na\nb\n";
    EXPECT_EQ(
        vtt_of("\xEF\xBB\xBF"
               "1\r\n00:00:01,000 --> 00:00:02,000\r\na\r\nb\r\n"),
        expected
    );
    EXPECT_EQ(vtt_of("\n\n1\r0:00:01.000-->0:00:02.000\ra\rb"), expected);
    EXPECT_EQ(vtt_of("00:00:01,000 --> 00:00:02,000 X1:10 X2:20\na\nb"), expected);
}

TEST(Subtitles, ACueThatReadsWhatItWroteIsTheSame) {
    const auto once =
        vtt_of("1\n00:00:01,000 --> 00:00:02,000\na < b & c --> d <font color=x>e</font>{\\an8}\n");
    EXPECT_EQ(once, "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\na &lt; b &amp; c --&gt; d e\n");
    EXPECT_EQ(vtt_of(once), once);
}

struct FaultCase {
    const char* name;
    std::string bytes;
    std::size_t line;
    const char* expected;
};

class SubtitleFaults : public testing::TestWithParam<FaultCase> {};

TEST_P(SubtitleFaults, AreNamedWithTheirLine) {
    const auto read = read_subtitles(GetParam().bytes);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().line, GetParam().line) << read.error().expected;
    EXPECT_NE(read.error().expected.find(GetParam().expected), std::string::npos)
        << read.error().expected;
}

const std::string first_cue = "1\n00:00:01,000 --> 00:00:02,000\na\n\n";

INSTANTIATE_TEST_SUITE_P(
    All,
    SubtitleFaults,
    testing::Values(
        FaultCase{"empty", "", 1, "an empty file"},
        FaultCase{"only_blanks", " \n\n", 1, "an empty file"},
        FaultCase{"html", "<html>\n", 1, "expected WEBVTT"},
        FaultCase{"no_cue", "WEBVTT\n\nNOTE x\n", 3, "at least one cue"},
        FaultCase{"latin_1", "1\n00:00:01,000 --> 00:00:02,000\ncaf\xE9\n", 3, "the byte E9"},
        FaultCase{
            "utf_16",
            std::string(
                "\xFF\xFE"
                "1\0",
                4
            ),
            1,
            "UTF-16"
        },
        FaultCase{"nul", std::string("1\n0\0", 4), 2, "a byte 00"},
        FaultCase{"broken_time", first_cue + "2\n00:00:03 --> 00:00:04\nb\n", 6, "a time line"},
        FaultCase{"minutes", first_cue + "2\n00:61:03,000 --> 00:62:04,000\nb\n", 6, "a time line"},
        FaultCase{"no_time", first_cue + "2\nwords\n", 6, "\"words\""},
        FaultCase{"words_between", first_cue + "words\n", 5, "the number of a cue"},
        FaultCase{"cut", first_cue + "2\n", 5, "a time line"},
        FaultCase{"backwards", "1\n00:00:03,000 --> 00:00:02,000\na\n", 2, "before the beginning"}
    ),
    [](const auto& info) { return info.param.name; }
);

TEST(SubtitleText, Utf8IsJudgedByTheStandard) {
    EXPECT_EQ(first_byte_not_utf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"), std::string::npos);
    for (const char* bad :
         {"a\xC0\x80", "a\xED\xA0\x80", "a\xF4\x90\x80\x80", "a\xE2\x82", "a\x80"}) {
        EXPECT_EQ(first_byte_not_utf8(bad), 1u) << bad;
    }
}

}  // namespace
}  // namespace sluice
