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
    probe.picture->codec = "hevc";
    probe.picture->sample_aspect_width = 4;
    probe.picture->sample_aspect_height = 3;
    probe.sound->channels = 6;
    const auto lines = conversions_of(probe);
    const auto told = parse_conversions(lines);
    ASSERT_EQ(told.size(), 7U);
    EXPECT_EQ(told[0].reason, "Codec");
    EXPECT_NE(told[0].sentence.find("Found hevc video; X takes H.264"), std::string_view::npos);
    EXPECT_EQ(told[1].reason, "FrameRate");
    EXPECT_EQ(
        told[1].sentence,
        "Found 120 frames per second; X takes at most 60 frames per second and would refuse this "
        "file. It was converted."
    );
    EXPECT_EQ(told[2].reason, "Interlaced");
    EXPECT_NE(told[3].sentence.find("yuv422p10le"), std::string_view::npos);
    EXPECT_NE(told[4].sentence.find("6 channels"), std::string_view::npos);
    EXPECT_NE(told[5].sentence.find("513 frames"), std::string_view::npos);
    EXPECT_NE(told[6].sentence.find("shape 4:3"), std::string_view::npos);
}

TEST(XLimits, XRefusesForTheFirstOfThem) {
    auto probe = plain();
    EXPECT_FALSE(refusal_by_x(probe));
    probe.picture->has_open_gop = true;
    auto refused = refusal_by_x(probe);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code, 1);
    EXPECT_EQ(refused->reason, "OpenGop");
    EXPECT_NE(refused->message.find("X takes closed GOPs"), std::string::npos);
    probe.picture->gop_longest = 513;
    EXPECT_EQ(refusal_by_x(probe)->reason, "GopTooLong");
}

TEST(XLimits, PicturesOfPhonesAreConvertedAndRefusedAsX) {
    EXPECT_EQ(conversions_of(Container::jpeg), "");
    EXPECT_FALSE(refusal_by_x(Container::webp));
    EXPECT_EQ(
        conversions_of(Container::avif),
        "Format Found image/avif; X takes image/jpeg, image/png, image/webp or image/gif and would "
        "refuse this file. It was converted.\n"
    );
    const auto refused = refusal_by_x(Container::heif);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->reason, "Format");
    EXPECT_TRUE(refused->message.starts_with("Found image/heic; X takes"));
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
