#include "base/log.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace sluice::log {
namespace {

using testing::internal::CaptureStderr;
using testing::internal::GetCapturedStderr;

TEST(Log, ALineIsWrittenAtOnce) {
    CaptureStderr();
    info("thing_done", "a thing was done", {{"count", 3}});
    const std::string line = GetCapturedStderr();
    EXPECT_NE(line.find(R"("event":"thing_done","count":3})"), std::string::npos) << line;
    EXPECT_TRUE(line.ends_with('\n'));
}

TEST(Log, ALineIsTheSameWithAndWithoutEscapes) {
    const auto fields_of = [](std::string_view text) {
        const std::string line = line_of(
            Level::info,
            "thing_done",
            "it \"was\" done",
            {{"text", text}, {"count", -3}, {"ms", 0.125}, {"is_well", true}, {"empty", ""}}
        );
        EXPECT_TRUE(line.starts_with(R"({"time":")")) << line;
        return line.substr(line.find("Z\"") + 2);
    };
    EXPECT_EQ(
        fields_of("plain"),
        R"(,"level":"info","msg":"it \"was\" done","event":"thing_done","text":"plain","count":-3,)"
        R"("ms":0.125,"is_well":true,"empty":""})"
        "\n"
    );
    EXPECT_EQ(
        fields_of("a\nb"),
        R"(,"level":"info","msg":"it \"was\" done","event":"thing_done","text":"a\nb","count":-3,)"
        R"("ms":0.125,"is_well":true,"empty":""})"
        "\n"
    );
}

TEST(Log, GatheredLinesWaitForTheFlush) {
    int asked = 0;
    CaptureStderr();
    {
        const Gathering gathering([&asked] { ++asked; });
        info("first", "");
        info("second", "");
        EXPECT_EQ(GetCapturedStderr(), "");
        EXPECT_EQ(asked, 1);
        CaptureStderr();
        Gathering::flush();
        info("third", "");
        EXPECT_EQ(asked, 2);
    }
    const std::string lines = GetCapturedStderr();
    const auto first = lines.find("first");
    EXPECT_LT(first, lines.find("second"));
    EXPECT_LT(lines.find("second"), lines.find("third")) << "the end flushes what is left";
}

TEST(Log, AWarningTakesWhatWaitsWithIt) {
    CaptureStderr();
    const Gathering gathering([] {});
    info("first", "");
    warning("second", "");
    const std::string lines = GetCapturedStderr();
    EXPECT_LT(lines.find("first"), lines.find("second"));
    EXPECT_NE(lines.find("second"), std::string::npos);
}

TEST(Log, OtherThreadsDoNotWait) {
    CaptureStderr();
    const Gathering gathering([] {});
    std::thread([] { info("elsewhere", ""); }).join();
    EXPECT_NE(GetCapturedStderr().find("elsewhere"), std::string::npos);
}

TEST(Log, ManyLinesAreWrittenWithoutAFlush) {
    CaptureStderr();
    const Gathering gathering([] {});
    for (int i = 0; i < 2000; ++i) {
        info("line", "forty bytes of text or a little more than that");
    }
    EXPECT_FALSE(GetCapturedStderr().empty());
}

}  // namespace
}  // namespace sluice::log
