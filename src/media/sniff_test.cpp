#include "media/sniff.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

using namespace std::string_literals;

Container sniff_text(const std::string& text) {
    return sniff(std::as_bytes(std::span(text)));
}

std::string transport_stream(std::size_t packets) {
    std::string text;
    for (std::size_t i = 0; i < packets; ++i) {
        text += "G" + std::string(187, '\0');
    }
    return text;
}

TEST(Sniff, KnowsEachFormatByItsFirstBytes) {
    const std::pair<std::string, Container> rows[] = {
        {"\0\0\0\x20"s
         "ftypisom\0\0\2\0"s,
         Container::mp4},
        {"\0\0\0\x14"s
         "ftypqt  "s,
         Container::mp4},
        {"\0\0\0\x08"s
         "wide\0\0\0\0mdat"s,
         Container::mp4},
        {"\0\0\0\x1c"s
         "ftypheic"s,
         Container::heif},
        {"\0\0\0\x1c"s
         "ftypavif"s,
         Container::avif},
        {"\0\0\0\x1c"s
         "ftypmif1\0\0\0\0mif1avifmiaf"s,
         Container::avif},
        {"\0\0\0\x1c"s
         "ftypmif1\0\0\0\0mif1heicmiaf"s,
         Container::heif},
        {"\0\0\0\x14"s
         "ftypmif1\0\0\0\0mif1avif"s,  // behind the end of the box
         Container::heif},
        {"\0\0\0\x14"s
         "ftypmsf1\0\0\0\0avis"s,
         Container::avif},
        {"\x1a\x45\xdf\xa3\x01"s, Container::matroska},
        {"GIF89a\1\0\1\0"s, Container::gif},
        {"\xff\xd8\xff\xe0"s, Container::jpeg},
        {"\x89PNG\r\n\x1a\n\0"s, Container::png},
        {"RIFF\x10\0\0\0WEBPVP8 "s, Container::webp},
        {transport_stream(3), Container::mpegts},
    };
    for (const auto& [bytes, container] : rows) {
        EXPECT_EQ(sniff_text(bytes), container) << static_cast<int>(container);
    }
}

TEST(Sniff, TakesNothingElse) {
    const std::string rows[] = {
        ""s,
        "G"s,
        "#EXTM3U\nhttp://x/"s,
        "ffconcat version 1.0"s,
        "<svg/>"s,
        "RIFF\x10\0\0\0AVI LIST"s,
        "%PDF-1.7"s,
        "\x89PN"s,
        std::string(512, '\0'),
    };
    for (const auto& bytes : rows) {
        EXPECT_EQ(sniff_text(bytes), Container::unknown) << bytes;
    }
}

TEST(Sniff, AnythingCutShortIsReadWithoutHarm) {
    const auto whole =
        "\0\0\0\x20"s
        "ftypisom"s +
        transport_stream(2);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        sniff_text(whole.substr(0, length));
        sniff_text(transport_stream(3).substr(0, length));
    }
}

TEST(Sniff, AGifMayBeAnImageButAnImageNoVideo) {
    EXPECT_TRUE(may_carry(Container::gif, Family::image));
    EXPECT_TRUE(may_carry(Container::gif, Family::gif));
    EXPECT_FALSE(may_carry(Container::png, Family::video));
    EXPECT_FALSE(may_carry(Container::mp4, Family::gif));
    EXPECT_FALSE(may_carry(Container::unknown, Family::image));
}

}  // namespace
}  // namespace sluice
