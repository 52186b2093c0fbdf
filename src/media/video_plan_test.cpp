#include "media/video_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

namespace sluice {
namespace {

using namespace literals;
using namespace std::chrono_literals;

VideoProbe clip(PixelSize size, std::chrono::milliseconds duration = 10s, double rate = 30) {
    const auto packets =
        static_cast<std::uint64_t>(rate * static_cast<double>(duration.count()) / 1000);
    return {
        .container = Container::mp4,
        .size = 5_MiB,
        .duration = duration,
        .picture =
            PictureStream{
                .codec = "h264",
                .pixel_format = "yuv420p",
                .size = size,
                .frame_rate = rate,
                .packets = packets,
                .index_entries = packets,
                .last_begin = duration,
                .data_end = duration,
            },
        .sound = SoundStream{.index = 1, .codec = "aac", .channels = 2, .sample_rate = 48000},
    };
}

Processed<VideoPlan> plan_tweet(const VideoProbe& probe) {
    return plan_video(rule_of(Category::tweet_video), probe);
}

TEST(VideoPlan, TheLargestRenditionIsNeverLargerThanTheSourceAndEven) {
    struct Row {
        PixelSize source;
        PixelSize target;
    };
    constexpr Row rows[] = {
        {{1920, 1080}, {1920, 1080}},
        {{1280, 720}, {1280, 720}},
        {{640, 360}, {640, 360}},
        {{1080, 1920}, {1080, 1920}},
        {{3840, 2160}, {1920, 1080}},
        {{641, 361}, {640, 360}},
        {{1000, 1000}, {1000, 1000}},
        {{2400, 800}, {1920, 640}},
        {{33, 33}, {32, 32}},
    };
    for (const auto& row : rows) {
        const auto plan = plan_tweet(clip(row.source));
        ASSERT_TRUE(plan) << row.source.width << " " << plan.error().message;
        EXPECT_EQ(plan->renditions.front().size, row.target)
            << row.source.width << "x" << row.source.height;
    }
}

TEST(VideoPlan, ATurnedPictureIsPlannedAsItIsShown) {
    auto probe = clip({1920, 1080});
    probe.picture->rotation = 90;
    const auto plan = plan_tweet(probe);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->renditions.front().name, "1080x1920.mp4");
}

TEST(VideoPlan, PixelsThatAreNotSquareAreMadeSquare) {
    auto probe = clip({720, 576});
    probe.picture->sample_aspect_width = 16;
    probe.picture->sample_aspect_height = 15;
    const auto plan = plan_tweet(probe);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->renditions.front().size, (PixelSize{768, 576}));
}

struct Refusal {
    std::string name;
    VideoProbe probe;
    int code;
    std::string reason;
    std::string message;
};

std::vector<Refusal> beyond_limits() {
    return {
        {"too long",
         clip({1280, 720}, 1201s),
         3,
         "DurationTooLong",
         "Duration 1201 s exceeds max duration of 1200 s for tweet_video"},
        {"too short",
         clip({1280, 720}, 400ms),
         3,
         "DurationTooShort",
         "Duration 0.4 s is below min duration of 0.5 s for tweet_video"},
        {"too wide",
         clip({1600, 400}),
         3,
         "AspectRatio",
         "aspect ratio 4.00 is not between 0.33 and 3.00"},
        {"too large",
         clip({4098, 2304}),
         3,
         "Dimensions",
         "Dimensions 4098x2304 are not between 32x32 and 4096x2304"},
        {"too small",
         clip({32, 16}),
         3,
         "Dimensions",
         "Dimensions 32x16 are not between 32x32 and 4096x2304"},
        {"too fast",
         clip({320, 240}, 10s, 1000),
         3,
         "FrameRate",
         "1000 frames per second (10000 in 10 s) are more than 240"},
    };
}

std::vector<Refusal> broken() {
    auto no_picture = clip({1280, 720});
    no_picture.picture.reset();
    auto cut = clip({1280, 720}, 4s);
    cut.picture->packets = 63;
    cut.picture->data_end = 2100ms;
    auto corrupt = clip({1280, 720}, 4s);
    corrupt.corrupt_packets = 1;
    auto sealed = clip({1280, 720});
    sealed.picture->encrypted = true;
    auto codec = clip({1280, 720});
    codec.picture->codec = "prores";
    auto deaf = clip({1280, 720});
    deaf.sound->codec = "dts";
    return {
        {"no picture", no_picture, 1, "NoVideo", "file is invalid: there is no video track in it"},
        {"cut", cut, 1, "Truncated", "file is invalid: data ends at 2.1 s of 4 s"},
        {"corrupt", corrupt, 1, "Truncated", "file is invalid: data ends at 4 s of 4 s"},
        {"encrypted",
         sealed,
         1,
         "Encrypted",
         "file is invalid: the video is encrypted, only plain media is accepted"},
        {"codec",
         codec,
         3,
         "Codec",
         "Unsupported video format: the container is video/mp4, the video codec prores, the audio "
         "codec aac; accepted are h264, hevc, vp8, vp9, av1 and mpeg4 (by X only h264 with aac)"},
        {"sound",
         deaf,
         3,
         "Codec",
         "Unsupported audio format: the audio codec is dts; accepted are aac, mp3, opus, vorbis, "
         "ac3, eac3, mp2, flac, alac, pcm_s16le, pcm_s16be, pcm_s24le, pcm_s24be, pcm_s32le, "
         "pcm_f32le, pcm_u8, pcm_mulaw, pcm_alaw, amr_nb and amr_wb (by X only aac)"},
    };
}

TEST(VideoPlan, RefusesWithGotAndAllowed) {
    auto rows = beyond_limits();
    std::ranges::move(broken(), std::back_inserter(rows));
    for (const auto& row : rows) {
        const auto plan = plan_tweet(row.probe);
        ASSERT_FALSE(plan) << row.name;
        EXPECT_EQ(plan.error().code, row.code) << row.name;
        EXPECT_EQ(plan.error().reason, row.reason) << row.name;
        EXPECT_EQ(plan.error().message, row.message) << row.name;
    }
}

TEST(VideoPlan, DirectMessagesMayBe140SecondsLong) {
    const auto& rule = rule_of(Category::dm_video);
    EXPECT_TRUE(plan_video(rule, clip({1280, 720}, 140s)));
    EXPECT_EQ(plan_video(rule, clip({1280, 720}, 141s)).error().reason, "DurationTooLong");
}

TEST(VideoPlan, SilentVideosGetNoSoundTrack) {
    auto probe = clip({1280, 720});
    probe.sound.reset();
    const auto plan = plan_tweet(probe);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->sound_index, -1);
    EXPECT_FALSE(plan->has_sound());
}

TEST(VideoPlan, FiltersFollowFromTheSource) {
    auto probe = clip({1920, 1080}, 10s, 120);
    probe.picture->interlaced = true;
    probe.picture->high_dynamic_range = true;
    const auto plan = plan_tweet(probe);
    EXPECT_LT(plan->filters.find("bwdif"), plan->filters.find("tonemap"));
    EXPECT_EQ(plan->frame_rate_max, 60);
    EXPECT_EQ(plan_tweet(clip({1280, 720}))->filters, "");
    EXPECT_EQ(plan_tweet(clip({1280, 720}))->frame_rate_max, 0);
}

std::vector<std::string> rungs_of(PixelSize size) {
    std::vector<std::string> names;
    for (const auto& rendition : plan_tweet(clip(size))->renditions) {
        names.push_back(rendition.name + " " + rendition.track);
    }
    return names;
}

TEST(VideoPlan, TheLadderNeverUpscalesAndLeavesOutWhatIsHardlySmaller) {
    using Names = std::vector<std::string>;
    EXPECT_EQ(
        rungs_of({3840, 2160}),
        (Names{"1920x1080.mp4 v1080", "1280x720.mp4 v720", "640x360.mp4 v360", "320x180.mp4 v180"})
    );
    EXPECT_EQ(
        rungs_of({854, 480}), (Names{"854x480.mp4 v480", "640x360.mp4 v360", "320x180.mp4 v180"})
    );
    EXPECT_EQ(rungs_of({640, 400}), (Names{"640x400.mp4 v400", "288x180.mp4 v180"}))
        << "576x360 has more than three quarters of its pixels";
    EXPECT_EQ(rungs_of({160, 120}), (Names{"160x120.mp4 v120"}));
    EXPECT_EQ(
        rungs_of({720, 1280}), (Names{"720x1280.mp4 v720", "360x640.mp4 v360", "180x320.mp4 v180"})
    );
}

// What X's own clients upload: nothing in it needs to be changed.
VideoProbe conforming() {
    auto probe = clip({1280, 720});
    probe.picture->profile = "High";
    probe.picture->level = 31;
    probe.picture->bytes = 2_MiB;
    probe.picture->keyframe_gap_max = 2s;
    return probe;
}

TEST(VideoPlan, CopiesWhatConforms) {
    const auto plan = plan_tweet(conforming());
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->why_encoded, "");
    EXPECT_TRUE(plan->renditions[0].is_copied);
    EXPECT_EQ(plan->renditions.size(), 1U) << "light as it is, it needs nothing beside it";
    EXPECT_TRUE(plan->is_checked);
    EXPECT_TRUE(plan->sound_copied);
    auto heavy = conforming();
    heavy.picture->bytes = 4_MiB;
    const auto beside = plan_tweet(heavy);
    EXPECT_TRUE(beside->renditions[0].is_copied);
    EXPECT_FALSE(beside->renditions[1].is_copied);
    EXPECT_FALSE(beside->is_checked) << "what is encoded beside it is decoded anyway";
    const auto never = plan_video(rule_of(Category::tweet_video), conforming(), Copies::never);
    EXPECT_FALSE(never->renditions[0].is_copied);
    EXPECT_FALSE(never->sound_copied);
    EXPECT_LT(plan->cpu_seconds, never->cpu_seconds);
}

struct Nonconforming {
    std::string_view why;
    void (*change)(VideoProbe&);
};

TEST(VideoPlan, EncodesWhateverDoesNotConform) {
    const Nonconforming rows[] = {
        {"container", [](VideoProbe& p) { p.container = Container::mpegts; }},
        {"codec", [](VideoProbe& p) { p.picture->codec = "hevc"; }},
        {"codec", [](VideoProbe& p) { p.picture->profile = "High 4:4:4 Predictive"; }},
        {"pixel format", [](VideoProbe& p) { p.picture->pixel_format = "yuvj420p"; }},
        {"level", [](VideoProbe& p) { p.picture->level = 51; }},
        {"interlaced or high dynamic range", [](VideoProbe& p) { p.picture->interlaced = true; }},
        {"rotation or pixel aspect", [](VideoProbe& p) { p.picture->rotation = 90; }},
        {"rotation or pixel aspect",
         [](VideoProbe& p) {
             p.picture->sample_aspect_width = 4;
             p.picture->sample_aspect_height = 3;
         }},
        {"size", [](VideoProbe& p) { p.picture->size = {2560, 1440}; }},
        {"size", [](VideoProbe& p) { p.picture->size = {1279, 719}; }},
        {"bit rate", [](VideoProbe& p) { p.picture->bytes = 20_MiB; }},
        {"keyframes", [](VideoProbe& p) { p.picture->keyframe_gap_max = 5s; }},
        {"keyframes", [](VideoProbe& p) { p.picture->has_open_gop = true; }},
        {"edit list", [](VideoProbe& p) { p.picture->discarded_packets = 1; }},
        {"stream", [](VideoProbe& p) { p.picture->parameters_change = true; }},
    };
    for (const auto& row : rows) {
        auto probe = conforming();
        row.change(probe);
        const auto plan = plan_tweet(probe);
        ASSERT_TRUE(plan) << row.why;
        EXPECT_EQ(plan->why_encoded, row.why);
        EXPECT_FALSE(plan->renditions.front().is_copied) << row.why;
        EXPECT_FALSE(plan->sound_copied) << row.why;
    }
}

TEST(VideoPlan, SoundThatDoesNotConformIsEncodedBesideACopy) {
    auto probe = conforming();
    probe.sound->channels = 6;
    const auto plan = plan_tweet(probe);
    EXPECT_TRUE(plan->renditions.front().is_copied);
    EXPECT_FALSE(plan->sound_copied);
}

TEST(VideoPlan, OnlyALongWaitIsShortenedByASecondDecode) {
    EXPECT_FALSE(plan_tweet(clip({1920, 1080}, 10s))->lowest_first);
    EXPECT_TRUE(plan_tweet(clip({1920, 1080}, 120s))->lowest_first);
    EXPECT_FALSE(plan_tweet(clip({160, 120}, 1200s))->lowest_first) << "there is only one";
}

TEST(VideoPlan, TheStoryboardHasAtMostAHundredTiles) {
    const auto board = [](std::chrono::milliseconds length) {
        return plan_tweet(clip({1280, 720}, length))->storyboard;
    };
    EXPECT_FALSE(board(1500ms));
    EXPECT_EQ(board(21s)->tiles, 11U);
    EXPECT_EQ(board(21s)->step, 2s);
    EXPECT_EQ(board(21s)->tile, (PixelSize{160, 90}));
    EXPECT_EQ(board(1200s)->step, 12s);
    EXPECT_EQ(board(1200s)->tiles, 100U);
    EXPECT_EQ(board(1200s)->columns, 10U);
}

TEST(VideoPlan, TheWeightsAddUpAndGrowWithTheWork) {
    const auto small = plan_tweet(clip({640, 360}));
    const auto large = plan_tweet(clip({1920, 1080}));
    EXPECT_LT(small->cpu_seconds, large->cpu_seconds);
    double sum = 0;
    for (const auto& step : large->steps) {
        sum += step.weight;
    }
    EXPECT_DOUBLE_EQ(sum, large->cpu_seconds);
}

TEST(GifPlan, BecomesASilentLoopWithinItsLimits) {
    auto probe = clip({320, 240}, 5s, 10);
    probe.container = Container::gif;
    probe.picture->codec = "gif";
    const auto plan = plan_video(rule_of(Category::tweet_gif), probe);
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(plan->renditions.front().name, "gif.mp4");
    EXPECT_FALSE(plan->has_sound());
    EXPECT_EQ(plan->renditions.size(), 1U);
    EXPECT_TRUE(plan->is_loop);
    probe.picture->packets = 351;
    EXPECT_EQ(plan_video(rule_of(Category::tweet_gif), probe).error().reason, "TooManyFrames");
}

}  // namespace
}  // namespace sluice
