#include "protocol/delivery/links.hpp"

#include <gtest/gtest.h>

namespace sluice::protocol::delivery {
namespace {

class Links : public ::testing::Test {
  protected:
    std::string linked(std::string_view text, bool is_of_subtitles = false) const {
        return with_signed_links(text, "/media/7_1/", signer_, is_of_subtitles);
    }

    std::string query(std::string_view path) const { return signer_.query_for(path); }

    ManualClock clock_;
    UrlSigner signer_{"root key", clock_};
};

TEST_F(Links, EveryLinkOfAPlaylistIsSignedForItsOwnPath) {
    EXPECT_EQ(
        linked("#EXTM3U\n#EXT-X-MAP:URI=\"v720.mp4\",BYTERANGE=\"8@0\"\n#EXTINF:4,\nv720.mp4\n"
               "#EXT-X-ENDLIST\n"),
        "#EXTM3U\n#EXT-X-MAP:URI=\"v720.mp4" + query("/media/7_1/v720.mp4") +
            "\",BYTERANGE=\"8@0\"\n#EXTINF:4,\nv720.mp4" + query("/media/7_1/v720.mp4") +
            "\n#EXT-X-ENDLIST\n"
    );
}

TEST_F(Links, NothingElseIsSignedButTheCaptionsOfSubtitles) {
    const std::string strange = "#EXTM3U\n/media/7_2/640x360.mp4\n../7_2/a.mp4\nhttp://x/a.mp4\n";
    EXPECT_EQ(linked(strange), strange);
    EXPECT_EQ(
        linked("#EXTM3U\n/media/3_17/captions.vtt\n", true),
        "#EXTM3U\n/media/3_17/captions.vtt" + query("/media/3_17/captions.vtt") + "\n"
    );
}

TEST_F(Links, ATileKeepsItsPlace) {
    EXPECT_EQ(
        linked("WEBVTT\n\n00:00:00.000 --> 00:00:02.000\ns.jpg#xywh=0,0,1,1\n"),
        "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\ns.jpg" + query("/media/7_1/s.jpg") +
            "#xywh=0,0,1,1\n"
    );
}

}  // namespace
}  // namespace sluice::protocol::delivery
