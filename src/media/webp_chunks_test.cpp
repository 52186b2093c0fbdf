#include "media/webp_chunks.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using namespace std::string_literals;

std::string chunk(const std::string& name, const std::string& body) {
    std::string bytes = name;
    for (std::size_t i = 0; i < 4; ++i) {
        bytes += static_cast<char>(body.size() >> (8 * i) & 0xff);
    }
    return bytes + body + (body.size() % 2 == 1 ? "\0"s : "");
}

std::string webp(const std::string& chunks) {
    return chunk("RIFF", "WEBP" + chunks);
}

TEST(WebpChunks, MetadataGoAndTheFlagsSaySo) {
    const auto picture = chunk("VP8 ", "pixels!");
    EXPECT_EQ(
        without_metadata(webp(
            chunk("VP8X", "\x1c\0\0\0"s) + picture + chunk("EXIF", "where") + chunk("XMP ", "who")
        )),
        webp(chunk("VP8X", "\x10\0\0\0"s) + picture)
    );
    EXPECT_EQ(without_metadata(webp(picture)), webp(picture));
}

TEST(WebpChunks, WhatIsCutOrSomethingElseStaysAsItIs) {
    const auto whole = webp(chunk("VP8 ", "pixels") + chunk("EXIF", "where"));
    for (const auto& text : {whole.substr(0, whole.size() - 3), "RIFF"s, ""s, "GIF89a"s}) {
        EXPECT_EQ(without_metadata(text), text);
    }
}

}  // namespace
}  // namespace sluice
