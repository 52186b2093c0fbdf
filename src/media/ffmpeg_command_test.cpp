#include "media/ffmpeg_command.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice {
namespace {

using namespace std::chrono_literals;

std::string joined(const Arguments& arguments) {
    std::string text;
    for (const auto& argument : arguments) {
        text += argument + " ";
    }
    return text;
}

VideoPlan plan_with_sound(int sound_index) {
    return {
        .rendition =
            {.size = {640, 360},
             .name = "640x360.mp4",
             .filters = "scale=w=640:h=360",
             .has_sound = sound_index >= 0},
        .picture_index = 2,
        .sound_index = sound_index,
    };
}

TEST(FfmpegCommand, ForcesTheDemuxerBehindTheWhitelists) {
    const auto text =
        joined(encode_arguments(plan_with_sound(0), Container::mpegts, {"/in put", "/out"}, 2));
    const auto input = text.find("-f mpegts -i file:/in put ");
    ASSERT_NE(input, std::string::npos);
    for (const auto* wall :
         {"-protocol_whitelist file,pipe", "-codec_whitelist", "-max_streams 16", "-max_pixels"}) {
        EXPECT_LT(text.find(wall), input) << wall;
    }
    EXPECT_GT(text.find("-map_metadata -1"), input);
}

TEST(FfmpegCommand, NamesTheStreamsOfTheProbe) {
    const auto with = joined(encode_arguments(plan_with_sound(1), Container::mp4, {"i", "o"}, 1));
    EXPECT_NE(with.find("-map 0:2 -map 0:1 -c:a aac"), std::string::npos);
    const auto without =
        joined(encode_arguments(plan_with_sound(-1), Container::mp4, {"i", "o"}, 1));
    EXPECT_EQ(without.find("aac -ac"), std::string::npos);
}

TEST(FfmpegCommand, APathIsOneArgumentWhateverItContains) {
    const auto arguments =
        encode_arguments(plan_with_sound(-1), Container::mp4, {"/a b;$(c)'", "o"}, 1);
    EXPECT_NE(std::ranges::find(arguments, "file:/a b;$(c)'"), arguments.end());
}

TEST(ProgressReader, ReadsWholeBlocksCutAnywhere) {
    const std::string text =
        "frame=0\nout_time_us=N/A\nprogress=continue\n"
        "frame=30\nout_time_ms=999\nout_time_us=1000000\nprogress=continue\n"
        "out_time_us=2500000\nprogress=end\n";
    ProgressReader reader;
    std::vector<std::chrono::milliseconds> seen;
    for (const char c : text) {
        reader.feed({&c, 1});
        if (reader.out_time() && (seen.empty() || seen.back() != *reader.out_time())) {
            seen.push_back(*reader.out_time());
        }
    }
    EXPECT_EQ(seen, (std::vector<std::chrono::milliseconds>{1000ms, 2500ms}));
}

TEST(ProgressReader, ABlockWithoutItsEndDoesNotCount) {
    ProgressReader reader;
    reader.feed("out_time_us=1000000\n");
    EXPECT_FALSE(reader.out_time());
    reader.feed("progress=continue\n");
    EXPECT_EQ(reader.out_time(), 1000ms);
}

}  // namespace
}  // namespace sluice
