#include "client/dialect.hpp"

#include <gtest/gtest.h>

#include "client/media_type.hpp"

namespace sluice::client {
namespace {

const auto facts =
    InitFacts{.total_bytes = 12, .media_type = "video/mp4", .category = "tweet_video"};

TEST(Dialect, SpeaksV1) {
    const auto x1 = make_x1("http://s");
    const auto init = x1->init(facts);
    EXPECT_EQ(init.url, "http://s/1.1/media/upload.json");
    EXPECT_EQ(
        init.body, "command=INIT&total_bytes=12&media_type=video%2Fmp4&media_category=tweet_video"
    );
    EXPECT_EQ(x1->status("7").url, "http://s/1.1/media/upload.json?command=STATUS&media_id=7");
    EXPECT_EQ(x1->status("7").method, "GET");
    EXPECT_EQ(x1->finalize("7").body, "command=FINALIZE&media_id=7");
}

TEST(Dialect, SpeaksV2) {
    const auto x2 = make_x2("http://s");
    const auto init = x2->init(facts);
    EXPECT_EQ(init.url, "http://s/2/media/upload/initialize");
    EXPECT_EQ(
        init.body, R"({"media_type":"video/mp4","total_bytes":12,"media_category":"tweet_video"})"
    );
    EXPECT_EQ(x2->finalize("7").url, "http://s/2/media/upload/7/finalize");
    EXPECT_EQ(x2->status("7").url, "http://s/2/media/upload?media_id=7");
}

TEST(Dialect, PutsTheMediaLastInAMultipartBody) {
    const auto request = make_x2("http://s")->append("7", 3, {.fd = 4, .offset = 5, .length = 6});
    EXPECT_EQ(request.url, "http://s/2/media/upload/7/append");
    EXPECT_NE(request.body.find("name=\"segment_index\"\r\n\r\n3\r\n"), std::string::npos);
    EXPECT_TRUE(request.body.ends_with("application/octet-stream\r\n\r\n"));
    EXPECT_EQ(request.slice->offset, 5U);
    const auto boundary =
        request.headers.at(0).second.substr(std::string("multipart/form-data; boundary=").size());
    EXPECT_EQ(request.body_end, "\r\n--" + boundary + "--\r\n");
}

TEST(MediaType, ComesFromTheExtensionAndTellsTheCategory) {
    EXPECT_EQ(media_type_of("a/B.MP4"), "video/mp4");
    EXPECT_EQ(media_type_of("a.tar.gif"), "image/gif");
    EXPECT_EQ(media_type_of("noextension"), std::nullopt);
    EXPECT_EQ(category_of("video/quicktime"), "tweet_video");
    EXPECT_EQ(category_of("image/gif"), "tweet_gif");
    EXPECT_EQ(category_of("image/png"), "tweet_image");
    EXPECT_EQ(category_of("text/srt"), "subtitles");
    EXPECT_EQ(category_of("application/pdf"), std::nullopt);
}

}  // namespace
}  // namespace sluice::client
