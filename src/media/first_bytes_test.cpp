#include "media/first_bytes.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

using namespace std::string_literals;

const std::string png = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\1\0"s;
const std::string mp4 =
    "\0\0\0\x20"
    "ftypisom\0\0\2\0isomiso2avc1mp41\0\0\0\x08"
    "free"s;
const std::string heic =
    "\0\0\0\x1c"
    "ftypheic\0\0\0\0mif1heic"s;

struct Row {
    std::string name;
    ContentClaim claim;
    std::string start;
    std::string code;  // empty: taken
    std::string fact;
};

std::string code_of(const Result<void>& judged) {
    if (judged) {
        return "";
    }
    switch (judged.error().code) {
        case ErrorCode::type_mismatch:
            return "type_mismatch";
        case ErrorCode::base64_as_bytes:
            return "base64_as_bytes";
        case ErrorCode::binary_as_text:
            return "binary_as_text";
        default:
            return "another";
    }
}

const ContentClaim video{Category::tweet_video, true, "video/mp4"};
const ContentClaim image{Category::tweet_image, true, "image/jpeg"};
const ContentClaim image_as_x{Category::tweet_image, true, "image/jpeg", true};
const ContentClaim guess{Category::tweet_video, false, ""};

const Row rows[] = {
    {"a video", video, mp4, "", ""},
    {"a png as video", video, png, "type_mismatch", "89 50 4e 47"},
    {"a png as jpeg", image, png, "", ""},
    {"a video as dm image", {Category::dm_image, true, ""}, mp4, "type_mismatch", "dm_video"},
    {"heic as jpeg", image, heic, "", ""},
    {"heic as video", video, heic, "type_mismatch", "image/heic"},
    {"heic as jpeg, as X", image_as_x, heic, "type_mismatch", "convert it"},
    {"png as jpeg, as X", image_as_x, png, "", ""},
    {"nothing declared", guess, png, "", ""},
    {"type declared only",
     {Category::tweet_video, false, "video/mp4"},
     png,
     "type_mismatch",
     "tweet_image"},
    {"noise", video, "0123456789", "", ""},
    {"a pdf", video, "%PDF-1.7 ...", "type_mismatch", "application/pdf"},
    {"a playlist", video, "#EXTM3U\n#EXTINF:10,\nhttp://host/x\n", "type_mismatch", "a playlist"},
    {"a list of files", video, "ffconcat version 1.0\nfile x\n", "type_mismatch", "ffconcat"},
    {"a session", video, "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n", "type_mismatch", "sdp"},
    {"a drawing that loads files",
     image,
     "push graphic-context\nimage over 0,0 0,0 'x'\n",
     "type_mismatch",
     "mvg"},
    {"a page as subtitles", {Category::subtitles, true, "text/srt"}, "<html></html>", "", ""},
    {"a page", image, "<!DOCTYPE html><html>", "type_mismatch", "text/html"},
    {"an avi is a video",
     video,
     "RIFF\1\1\1\1"
     "AVI LIST",
     "",
     ""},
    {"base64", video, "iVBORw0KGgoAAAANSUhEUgAAAQAAAAEACAYAAABccqhm", "base64_as_bytes", "image/png"
    },
    {"a data url",
     image,
     "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA",
     "base64_as_bytes",
     "prefix"},
    {"png as text",
     image,
     "\xef\xbf\xbdPNG\r\n\x1a\n\0\0\0\x0dIHDR"s,
     "binary_as_text",
     "contain 1 repl"},
    {"jpeg as text",
     image,
     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\0\x10JFIF"s,
     "binary_as_text",
     "contain 4 repl"},
    {"mp4 as text", video, mp4 + "\xef\xbf\xbd\0\1\xef\xbf\xbd"s, "binary_as_text", "contain 2 repl"
    },
    {"mp4 with those bytes", video, mp4 + "\xef\xbf\xbd\xff"s, "", ""},
    {"png as latin1", image, "\xc2\x89PNG\r\n\x1a\n", "binary_as_text", "Latin-1"},
    {"subtitles with lost letters",
     {Category::subtitles, true, "text/srt"},
     "\xef\xbf\xbd 1",
     "",
     ""},
    {"png as subtitles", {Category::subtitles, true, "text/srt"}, png, "type_mismatch", "image/png"
    },
};

TEST(FirstBytes, TellWhatIsPlainlyWrongAndNothingElse) {
    for (const Row& row : rows) {
        const auto judged = judge_first_bytes(row.claim, std::as_bytes(std::span(row.start)));
        EXPECT_EQ(code_of(judged), row.code) << row.name;
        if (!judged) {
            EXPECT_TRUE(judged.error().facts.contains(row.fact)) << judged.error().facts;
        }
    }
}

}  // namespace
}  // namespace sluice
