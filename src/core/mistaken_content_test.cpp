#include "core/mistaken_content.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

std::optional<ErrorCode> judged(std::string_view text, bool begins_the_file = true) {
    const auto error = mistaken_content({text, text.size(), begins_the_file});
    return error ? std::optional(error->code) : std::nullopt;
}

TEST(MistakenContent, APathOrAnAddressIsNotTheFile) {
    for (const auto* text :
         {"./clip.mp4",
          "@clip.mp4",
          "https://example.com/a",
          "C:\\clip.mp4",
          "/tmp/clip.mp4",
          "clip.MOV",
          "~/v",
          "file:///v.mp4",
          "my holiday.png\r\n"}) {
        EXPECT_EQ(judged(text), ErrorCode::path_as_media) << text;
    }
    const auto error = mistaken_content({"./clip.mp4", 10, true});
    EXPECT_NE(error->facts.find("the 10 characters \"./clip.mp4\""), std::string::npos);
}

TEST(MistakenContent, TheLastBytesOfAFileMayEndLikeAName) {
    for (const auto* text :
         {"cover.png", "@font/9.woff", "a comment in a box.jpg\n", "\xb5\xf0.ts"}) {
        EXPECT_FALSE(judged(text, false)) << text;
        EXPECT_EQ(judged(text), ErrorCode::path_as_media) << text;
    }
    for (const auto* text :
         {"./clip.mp4", "/tmp/clip.mp4", "C:\\clip.mp4", "https://example.com/a"}) {
        EXPECT_EQ(judged(text, false), ErrorCode::path_as_media) << text;
    }
}

TEST(MistakenContent, APathIsOneOnlyIfNothingElseCame) {
    EXPECT_FALSE(mistaken_content({"./clip.mp4", 4000, true}));
    EXPECT_FALSE(judged("./a\x01.mp4"));
    EXPECT_FALSE(judged("./a\nb.mp4"));
}

TEST(MistakenContent, TheImageOfABufferIsNotTheBuffer) {
    for (const auto* text :
         {R"({"type":"Buffer","data":[137,80]})",
          R"({ "type": "Buffer", "data": [1] })",
          R"({"0":137,"1":80})",
          "[object Object]",
          "<Buffer 89 50 4e 47>",
          R"(b'\x89PNG')",
          "137,80,78,71,13,10,26,10,0",
          "[137, 80, 78, 71]"}) {
        EXPECT_EQ(judged(text), ErrorCode::buffer_as_json) << text;
        EXPECT_EQ(judged(text, false), ErrorCode::buffer_as_json) << text;
    }
}

TEST(MistakenContent, AnErrorPageIsNoMediaWhereAFileBegins) {
    for (const auto* text :
         {"<!DOCTYPE html>\n<title>404",
          "\n <html><body>",
          "\xef\xbb\xbf<?xml version=\"1.0\"?>",
          R"({"error":"not found"})",
          "{\n  \"message\": 1}",
          R"([{"a":1}])"}) {
        EXPECT_EQ(judged(text), ErrorCode::not_media) << text;
        EXPECT_FALSE(judged(text, false)) << text;
    }
    EXPECT_EQ(judged("undefined", false), ErrorCode::not_media);
}

TEST(MistakenContent, ADataUrlAsRawBytesIsTold) {
    const auto error = mistaken_content({"data:image/png;base64,iVBO", 26, true});
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, ErrorCode::base64_invalid);
    EXPECT_NE(
        error->facts.find("\"data:image/png;base64,\" (characters 1 to 22)"), std::string::npos
    );
}

TEST(MistakenContent, BytesAreLetPass) {
    for (const auto text :
         {std::string_view("\x89PNG\r\n\x1a\n"),
          std::string_view("GIF89a"),
          std::string_view("x"),
          std::string_view(""),
          std::string_view("RIFF\0\0\0\0WEBP", 12),
          std::string_view("12,34"),
          std::string_view("{abc"),
          std::string_view(
              "\0\0\0\x18"
              "ftypmp42",
              12
          )}) {
        EXPECT_FALSE(judged(text)) << text;
    }
}

TEST(MistakenContent, BytesThatHappenToBeginLikeATextAreLetPass) {
    for (const auto text :
         {std::string_view("{\"\x01\x9cM\x00\xf3\x12", 8),
          std::string_view("\n{}\x7f\x80 abc", 10),
          std::string_view("<!--\x00\x01", 6),
          std::string_view("<svg\x1b\xff xyz", 10)}) {
        EXPECT_FALSE(judged(text)) << text;
    }
    std::string noise = "{\"";
    for (std::uint32_t i = 1, seed = 1; i < 1000; ++i) {
        noise += static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24 | 1);  // no zero byte
    }
    EXPECT_FALSE(judged(noise));
    EXPECT_EQ(judged("{\"error\":\"\x1bgone\"}"), ErrorCode::not_media) << "colours of a terminal";
    EXPECT_EQ(judged("{\"fehler\": \"nicht gef\xfcllt\"}"), ErrorCode::not_media) << "Latin-1";
}

TEST(MistakenBase64, TellsWhatTheTextIsInstead) {
    EXPECT_EQ(mistaken_base64({"./clip.mp4", 10, false})->code, ErrorCode::path_as_media);
    EXPECT_EQ(mistaken_base64({"137,80,78,71", 12, false})->code, ErrorCode::buffer_as_json);
    EXPECT_EQ(mistaken_base64({"<html>404", 9, false})->code, ErrorCode::not_media);
    EXPECT_FALSE(mistaken_base64({"AAAA!", 5, false}));
}

}  // namespace
}  // namespace sluice
