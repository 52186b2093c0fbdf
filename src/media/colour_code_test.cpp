#include "media/colour_code.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace sluice {
namespace {

using namespace std::string_literals;

constexpr ColourCode hlg{9, 18};
constexpr ColourCode pq{9, 16};
constexpr ColourCode display_p3{12, 13};

std::vector<int> shown(std::vector<double> values, ColourCode code) {
    std::vector<std::uint16_t> pixels;
    for (const double value : values) {
        pixels.push_back(static_cast<std::uint16_t>(value * 65535 + 0.5));
    }
    std::vector<std::uint8_t> made(pixels.size());
    convert_to_srgb(pixels, pixels.size(), code, made);
    return {made.begin(), made.end()};
}

TEST(ColourCode, IsReadFromTheBoxes) {
    const auto read = [](const std::string& text) {
        return colour_code_of(std::as_bytes(std::span(text)));
    };
    EXPECT_EQ(read("....colrnclx\0\x09\0\x10\0\x09\x80"s), (ColourCode{9, 16}));
    EXPECT_EQ(read("....colrprof\0\x09\0\x10"s), std::nullopt);
    EXPECT_EQ(read("....colrnclx\0\x09\0"s), std::nullopt);
    EXPECT_EQ(read(""), std::nullopt);
}

TEST(ColourCode, OnlyWhatIsNotShownRightAsItIsNeedsConversion) {
    EXPECT_FALSE(needs_conversion({1, 13}));
    EXPECT_FALSE(needs_conversion({2, 2}));
    EXPECT_FALSE(needs_conversion({1, 1}));
    EXPECT_TRUE(needs_conversion(display_p3));
    EXPECT_TRUE(needs_conversion({1, 16}));
    EXPECT_TRUE(needs_conversion(hlg));
}

// Computed with the matrices of the standards, by hand.
TEST(ColourCode, WideColoursBecomeTheSameColours) {
    EXPECT_EQ(shown({0.5, 0.5, 0.5}, display_p3), (std::vector{128, 128, 128}));
    EXPECT_EQ(shown({1, 1, 1}, display_p3), (std::vector{255, 255, 255}));
    const auto red = shown({200 / 255.0, 100 / 255.0, 50 / 255.0}, display_p3);
    EXPECT_NEAR(red[0], 215, 2);
    EXPECT_NEAR(red[1], 93, 2);
    EXPECT_NEAR(red[2], 31, 2);
    EXPECT_EQ(shown({0, 0, 0, 0.5}, display_p3)[3], 128);
}

// PQ: 0.58 is 203 cd/m² and 0.75 is 1000, says BT.2408; a grey of 26 cd/m² is 0.38.
TEST(ColourCode, BrightColoursAreCompressedAndDarkOnesStay) {
    EXPECT_EQ(shown({0, 0, 0}, pq), (std::vector{0, 0, 0}));
    const int grey = shown({0.38, 0.38, 0.38}, pq)[0];
    EXPECT_NEAR(grey, 100, 2);  // 26 / 203 of white, in sRGB
    const int white = shown({0.5807, 0.5807, 0.5807}, pq)[0];
    EXPECT_GT(white, 220);
    EXPECT_LT(white, 240);
    EXPECT_EQ(shown({0.7518, 0.7518, 0.7518}, pq)[0], 255);
    EXPECT_EQ(shown({1, 1, 1}, pq)[0], 255);
    int last = -1;
    for (int step = 0; step <= 100; ++step) {
        const int now = shown(std::vector<double>(3, step / 100.0), pq)[1];
        EXPECT_GE(now, last) << step;
        last = now;
    }
    EXPECT_NEAR(shown({0.75, 0.75, 0.75}, hlg)[0], white, 4);  // BT.2408: white in HLG
}

}  // namespace
}  // namespace sluice
