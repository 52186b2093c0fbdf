#include "media/hls_playlist.hpp"

#include <gtest/gtest.h>

#include "media/storyboard_vtt.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view head =
    "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:4\n"
    "#EXT-X-MAP:URI=\"v720.mp4\",BYTERANGE=\"800@0\"\n";

std::string playlist(std::string_view body) {
    return std::string(head) + std::string(body);
}

TEST(HlsPlaylist, ReadsRatesFromTheByteRanges) {
    const auto facts = read_media_playlist(
        playlist("#EXTINF:4.000000,\n#EXT-X-BYTERANGE:1000000@800\nv720.mp4\n"
                 "#EXTINF:2.000000,\n#EXT-X-BYTERANGE:200000@1000800\nv720.mp4\n#EXT-X-ENDLIST\n")
    );
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->segments, 2U);
    EXPECT_DOUBLE_EQ(facts->seconds, 6);
    EXPECT_EQ(facts->file_bytes, 1'200'800U);
    EXPECT_DOUBLE_EQ(facts->peak_bits_per_second, 2e6);
    EXPECT_DOUBLE_EQ(facts->average_bits_per_second, 1.6e6);
}

TEST(HlsPlaylist, RefusesWhatIsNotWhole) {
    for (const auto* body :
         {"#EXT-X-ENDLIST\n",
          "#EXTINF:4.0,\n#EXT-X-BYTERANGE:1@0\nv.mp4\n",
          "#EXTINF:0,\n#EXT-X-BYTERANGE:1@0\nv.mp4\n#EXT-X-ENDLIST\n",
          "#EXTINF:nan,\n#EXT-X-BYTERANGE:1@0\nv.mp4\n#EXT-X-ENDLIST\n",
          "#EXT-X-BYTERANGE:1@0\nv.mp4\n#EXT-X-ENDLIST\n",
          "#EXTINF:4.0,\n#EXT-X-BYTERANGE:1\nv.mp4\n#EXT-X-ENDLIST\n"}) {
        EXPECT_FALSE(read_media_playlist(playlist(body))) << body;
    }
    EXPECT_FALSE(read_media_playlist(""));
}

TEST(HlsPlaylist, TheMasterTellsWhatAPlayerChoosesBy) {
    const PlaylistFacts picture{.peak_bits_per_second = 2e6, .average_bits_per_second = 1.5e6};
    const PlaylistFacts heard{.peak_bits_per_second = 130'000.4, .average_bits_per_second = 128e3};
    const std::vector<HlsVariant> variants{{"v720.m3u8", {1280, 720}, 29.97, "avc1.640028", picture}
    };
    EXPECT_EQ(
        master_playlist(variants, HlsSound{"a128.m3u8", heard}),
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"sound\",NAME=\"Sound\",DEFAULT=YES,AUTOSELECT=YES,"
        "CHANNELS=\"2\",URI=\"a128.m3u8\"\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=2130001,AVERAGE-BANDWIDTH=1628000,"
        "CODECS=\"avc1.640028,mp4a.40.2\",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO=\"sound\"\n"
        "v720.m3u8\n"
    );
    const auto silent = master_playlist(variants, std::nullopt);
    EXPECT_EQ(silent.find("mp4a"), std::string::npos);
    EXPECT_EQ(silent.find("AUDIO"), std::string::npos);
}

TEST(StoryboardVtt, NamesTheTileOfEachTime) {
    const Storyboard board{.step = 2s, .tiles = 3, .columns = 2, .tile = {160, 90}};
    EXPECT_EQ(
        storyboard_vtt(board, 5500ms, "s.jpg"),
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:02.000\ns.jpg#xywh=0,0,160,90\n\n"
        "00:00:02.000 --> 00:00:04.000\ns.jpg#xywh=160,0,160,90\n\n"
        "00:00:04.000 --> 00:00:05.500\ns.jpg#xywh=0,90,160,90\n"
    );
}

}  // namespace
}  // namespace sluice
