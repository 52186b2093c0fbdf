#include "media/webp_file.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

using namespace std::string_literals;

std::string number(std::size_t value) {
    return {static_cast<char>(value), static_cast<char>(value >> 8), 0, 0};
}

std::string chunk(const std::string& kind, const std::string& data) {
    return kind + number(data.size()) + data + std::string(data.size() % 2, '\0');
}

std::string webp(const std::string& chunks) {
    return "RIFF" + number(chunks.size() + 4) + "WEBP" + chunks;
}

std::string header(char flags) {
    return chunk("VP8X", std::string(1, flags) + "\0\0\0\x7f\x02\0\xdf\x01\0"s);
}

std::string bare(const std::string& file) {
    const auto made = bare_webp(std::as_bytes(std::span(file)));
    return {reinterpret_cast<const char*>(made.data()), made.size()};
}

const std::string pixels = chunk("VP8 ", "pixel");
const std::string exif = chunk("EXIF", "Exif\0\0notes"s);

TEST(WebpFile, NotesGoAndTheHeaderThatOnlyAnnouncedThem) {
    EXPECT_EQ(bare(webp(header(0x08) + pixels + exif)), webp(pixels));
    EXPECT_EQ(
        bare(webp(header(0x2c) + chunk("ICCP", "abc") + pixels + exif + chunk("XMP ", "x"))),
        webp(pixels)
    );
    EXPECT_EQ(bare(webp(pixels)), webp(pixels));
}

TEST(WebpFile, AlphaBesideThePixelsKeepsTheHeader) {
    const auto alpha = chunk("ALPH", "veil");
    EXPECT_EQ(
        bare(webp(header(0x18) + alpha + pixels + exif)), webp(header(0x10) + alpha + pixels)
    );
    const auto lossless = chunk("VP8L", "all");
    EXPECT_EQ(bare(webp(header(0x18) + lossless + exif)), webp(lossless));
}

TEST(WebpFile, WhatIsNoneOrCutIsReadWithoutHarm) {
    EXPECT_EQ(bare(""), "");
    EXPECT_EQ(bare("RIFF\xff\xff\xff\xffWAVE"), "RIFF\xff\xff\xff\xffWAVE");
    const auto whole = webp(header(0x18) + pixels + exif);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        EXPECT_LE(bare(whole.substr(0, length)).size(), length);
    }
}

}  // namespace
}  // namespace sluice
