#include "media/plan.hpp"

#include <gtest/gtest.h>

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
                .data_end = duration,
            },
        .sound = SoundStream{.index = 1, .codec = "aac", .channels = 2, .sample_rate = 48000},
    };
}

Processed<VideoPlan> plan_tweet(const VideoProbe& probe) {
    return plan_video(rule_of(Category::tweet_video), probe);
}

TEST(VideoPlan, TheRenditionIsNeverLargerThanTheSourceAndEven) {
    struct Row {
        PixelSize source;
        PixelSize target;
    };
    constexpr Row rows[] = {
        {{1920, 1080}, {1280, 720}},
        {{1280, 720}, {1280, 720}},
        {{640, 360}, {640, 360}},
        {{1080, 1920}, {720, 1280}},
        {{3840, 2160}, {1280, 720}},
        {{641, 361}, {640, 360}},
        {{1000, 1000}, {720, 720}},
        {{2400, 800}, {1280, 426}},
        {{33, 33}, {32, 32}},
    };
    for (const auto& row : rows) {
        const auto plan = plan_tweet(clip(row.source));
        ASSERT_TRUE(plan) << row.source.width << " " << plan.error().message;
        EXPECT_EQ(plan->rendition.size, row.target) << row.source.width << "x" << row.source.height;
    }
}

TEST(VideoPlan, ATurnedPictureIsPlannedAsItIsShown) {
    auto probe = clip({1920, 1080});
    probe.picture->rotation = 90;
    const auto plan = plan_tweet(probe);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->rendition.name, "720x1280.mp4");
}

TEST(VideoPlan, PixelsThatAreNotSquareAreMadeSquare) {
    auto probe = clip({720, 576});
    probe.picture->sample_aspect_width = 16;
    probe.picture->sample_aspect_height = 15;
    const auto plan = plan_tweet(probe);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->rendition.size, (PixelSize{768, 576}));
    EXPECT_NE(plan->rendition.filters.find("setsar=1"), std::string::npos);
}

struct Refusal {
    std::string name;
    VideoProbe probe;
    int code;
    std::string reason;
    std::string message;
};

std::vector<Refusal> refusals() {
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
        {"too fast",
         clip({320, 240}, 10s, 1000),
         3,
         "FrameRate",
         "1000 frames per second (10000 in 10 s) are more than 240"},
    };
}

TEST(VideoPlan, RefusesWithGotAndAllowed) {
    for (const auto& row : refusals()) {
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
    EXPECT_FALSE(plan->rendition.has_sound);
}

TEST(VideoPlan, FiltersFollowFromTheSource) {
    auto probe = clip({1920, 1080}, 10s, 120);
    probe.picture->interlaced = true;
    probe.picture->high_dynamic_range = true;
    const auto filters = plan_tweet(probe)->rendition.filters;
    EXPECT_LT(filters.find("bwdif"), filters.find("tonemap"));
    EXPECT_LT(filters.find("tonemap"), filters.find("fps=60"));
    EXPECT_LT(filters.find("fps=60"), filters.find("scale=w=1280:h=720"));
    EXPECT_TRUE(plan_tweet(clip({1280, 720}))->rendition.filters.starts_with("scale="));
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
    EXPECT_EQ(plan->rendition.name, "gif.mp4");
    EXPECT_FALSE(plan->rendition.has_sound);
    probe.picture->packets = 351;
    EXPECT_EQ(plan_video(rule_of(Category::tweet_gif), probe).error().reason, "TooManyFrames");
}

std::vector<std::string> names_of(PixelSize size) {
    std::vector<std::string> names;
    const ImageProbe probe{.container = Container::jpeg, .picture = size};
    for (const auto& variant : plan_image(rule_of(Category::tweet_image), probe)->variants) {
        names.push_back(variant.name);
    }
    return names;
}

TEST(ImagePlan, LeavesOutWhatWouldBeUpscaled) {
    using Names = std::vector<std::string>;
    EXPECT_EQ(names_of({4000, 3000}), (Names{"large", "medium", "small", "thumb"}));
    EXPECT_EQ(names_of({1000, 800}), (Names{"large", "small", "thumb"}));
    EXPECT_EQ(names_of({100, 80}), (Names{"large", "thumb"}));
}

TEST(ImagePlan, ShrinksOnLoadOnlyWhatStaysLargeEnough) {
    const auto shrink = [](Container container, std::uint32_t side) {
        const ImageProbe probe{.container = container, .picture = {side, side}};
        return plan_image(rule_of(Category::tweet_image), probe)->shrink_on_load;
    };
    EXPECT_EQ(shrink(Container::jpeg, 4000), 1U);
    EXPECT_EQ(shrink(Container::jpeg, 4096), 2U);
    EXPECT_EQ(shrink(Container::jpeg, 8192), 4U);
    EXPECT_EQ(shrink(Container::png, 8192), 1U);
}

TEST(ImagePlan, RefusesWhatIsTooLargeBeforeAnyPixelIsRead) {
    const ImageProbe bomb{.container = Container::png, .picture = {50000, 50000}};
    const auto plan = plan_image(rule_of(Category::tweet_image), bomb);
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().reason, "Dimensions");
    EXPECT_EQ(plan.error().message, "Dimensions 50000x50000 are not between 4x4 and 8192x8192");
}

TEST(CheckContent, NamesBothTypesOfAMismatch) {
    const auto refused =
        check_content(rule_of(Category::tweet_video), "video/mp4", Container::png, 1_MiB);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->reason, "TypeMismatch");
    EXPECT_EQ(refused->message, "file is invalid: declared video/mp4, found image/png");
}

TEST(CheckContent, AcceptsByContentWithinAFamily) {
    const auto& image = rule_of(Category::tweet_image);
    EXPECT_FALSE(check_content(image, "image/png", Container::jpeg, 1_MiB));
    EXPECT_FALSE(check_content(image, "image/png", Container::gif, 1_MiB));
    EXPECT_FALSE(check_content(rule_of(Category::dm_video), "", Container::matroska, 1_MiB));
}

TEST(CheckContent, RefusesEmptyOversizedAndUnknown) {
    const auto& image = rule_of(Category::tweet_image);
    EXPECT_EQ(
        check_content(image, "image/png", Container::unknown, {})->reason, "CorruptContainer"
    );
    EXPECT_EQ(
        check_content(image, "image/png", Container::unknown, 1_KiB)->reason, "CorruptContainer"
    );
    EXPECT_EQ(check_content(image, "image/png", Container::png, 6_MiB)->reason, "FileTooLarge");
    EXPECT_EQ(check_content(image, "image/heic", Container::heif, 1_MiB)->reason, "Format");
}

TEST(CheckContent, LetsSubtitlesBeJudgedByTheirReaderUnlessTheyAreAPicture) {
    const auto& rule = rule_of(Category::subtitles);
    EXPECT_FALSE(check_content(rule, "text/srt", Container::unknown, 1_KiB));
    EXPECT_EQ(check_content(rule, "text/srt", Container::unknown, 3_MiB)->reason, "FileTooLarge");
    EXPECT_TRUE(check_content(rule, "text/srt", Container::png, 1_KiB));
}

}  // namespace
}  // namespace sluice
