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

Rendition rendition(PixelSize size, std::string track) {
    return {
        .size = size,
        .rung = {360, 23, 900, "high", "3.1"},
        .name = track + ".mp4",
        .track = std::move(track),
    };
}

VideoPlan plan_with_sound(int sound_index) {
    return {
        .renditions = {rendition({640, 360}, "v360"), rendition({320, 180}, "v180")},
        .filters = "bwdif,",
        .picture_index = 2,
        .sound_index = sound_index,
    };
}

std::string encoded(const VideoPlan& plan, const TrackChoice& choice) {
    return joined(encode_arguments(plan, {Container::mpegts, "/in put", "/out", 2}, choice));
}

TEST(FfmpegCommand, ForcesTheDemuxerBehindTheWhitelists) {
    const auto text = encoded(plan_with_sound(0), {0, 2, true});
    const auto input = text.find("-f mpegts -i file:/in put ");
    ASSERT_NE(input, std::string::npos);
    for (const auto* wall :
         {"-protocol_whitelist file,pipe", "-codec_whitelist", "-max_streams 16", "-max_pixels"}) {
        EXPECT_LT(text.find(wall), input) << wall;
    }
    EXPECT_GT(text.find("-map_metadata -1"), input);
}

TEST(FfmpegCommand, DecodesOnceForAllRenditions) {
    const auto text = encoded(plan_with_sound(1), {0, 2, true});
    EXPECT_NE(
        text.find(
            "-filter_complex [0:2]bwdif,scale=w=640:h=360:flags=bicubic,setsar=1,format=yuv420p,"
            "split=2[p0][s1];[s1]scale=w=320:h=180:flags=bicubic,setsar=1[p1] "
        ),
        std::string::npos
    ) << text;
    EXPECT_NE(text.find("-f mp4 file:/out/track-v360.mp4 -map [p1] "), std::string::npos);
    EXPECT_NE(text.find("-map 0:1 -vn "), std::string::npos);
    const auto silent = encoded(plan_with_sound(-1), {0, 2, false});
    EXPECT_EQ(silent.find("aac -ac"), std::string::npos);
}

TEST(FfmpegCommand, MakesTheSmallestAloneIfAsked) {
    const auto text = encoded(plan_with_sound(-1), {1, 2, false});
    EXPECT_EQ(text.find("track-v360"), std::string::npos);
    EXPECT_NE(
        text.find("scale=w=320:h=180:flags=bicubic,setsar=1,format=yuv420p[p0] "), std::string::npos
    );
}

TEST(FfmpegCommand, RenditionsBesideACopyFollowItsKeyframes) {
    auto plan = plan_with_sound(-1);
    plan.renditions.front().is_copied = true;
    const auto text = encoded(plan, {0, 2, false});
    EXPECT_EQ(text.find("track-v360"), std::string::npos);
    EXPECT_NE(text.find("-force_key_frames source"), std::string::npos);
    const auto copy = joined(copy_arguments(plan, {Container::mp4, "/in", "/out", 1}));
    EXPECT_NE(copy.find("-c:v copy"), std::string::npos);
    EXPECT_NE(copy.find("file:/out/track-v360.mp4"), std::string::npos);
}

TEST(FfmpegCommand, PackagingKeepsTheTimeline) {
    const auto plan = plan_with_sound(1);
    for (const auto& arguments :
         {package_arguments(plan, "/out", {0, 2, false}),
          package_arguments(plan, "/out", {1, 2, true})}) {
        EXPECT_NE(std::ranges::find(arguments, "-copyts"), arguments.end());
    }
    EXPECT_NE(
        joined(package_arguments(plan, "/out", {0, 2, true}))
            .find("-var_stream_map v:0,agroup:sound,name:v360 v:1,agroup:sound,name:v180 "
                  "a:0,agroup:sound,name:a128,default:yes "),
        std::string::npos
    );
}

TEST(FfmpegCommand, APathIsOneArgumentWhateverItContains) {
    const auto arguments = encode_arguments(
        plan_with_sound(-1), {Container::mp4, "/a b;$(c)'", "/o", 1}, {0, 2, false}
    );
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
