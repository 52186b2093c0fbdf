#include "media/x_limits.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

VideoProbe plain() {
    return {
        .picture = PictureStream{.codec = "h264", .pixel_format = "yuv420p", .frame_rate = 60.1},
        .sound = SoundStream{.index = 1, .codec = "aac", .channels = 2, .sample_rate = 48000},
    };
}

TEST(XLimits, AVideoThatXTakesNeedsNothing) {
    EXPECT_EQ(conversions_of(plain()), "");
    auto silent = plain();
    silent.sound.reset();
    EXPECT_EQ(conversions_of(silent), "");
    EXPECT_TRUE(parse_conversions("").empty());
}

TEST(XLimits, EveryLimitIsToldWithWhatWasFound) {
    auto probe = plain();
    probe.picture->frame_rate = 120;
    probe.picture->interlaced = true;
    probe.picture->pixel_format = "yuv422p10le";
    probe.picture->gop_longest = 513;
    probe.sound->channels = 6;
    const auto lines = conversions_of(probe);
    const auto told = parse_conversions(lines);
    ASSERT_EQ(told.size(), 5U);
    EXPECT_EQ(told[0].reason, "FrameRate");
    EXPECT_EQ(
        told[0].sentence,
        "Found 120 frames per second; X takes at most 60 frames per second and would refuse this "
        "file. It was converted."
    );
    EXPECT_EQ(told[1].reason, "Interlaced");
    EXPECT_NE(told[2].sentence.find("yuv422p10le"), std::string_view::npos);
    EXPECT_NE(told[3].sentence.find("6 channels"), std::string_view::npos);
    EXPECT_NE(told[4].sentence.find("513 frames"), std::string_view::npos);
}

TEST(XLimits, HighEfficiencySoundIsNotLowComplexity) {
    auto probe = plain();
    probe.sound->is_low_complexity = false;
    EXPECT_TRUE(conversions_of(probe).starts_with("Audio Found aac (not LC) sound"));
    probe.sound->codec = "opus";
    EXPECT_TRUE(conversions_of(probe).starts_with("Audio Found opus sound with 2 channels"));
}

}  // namespace
}  // namespace sluice
