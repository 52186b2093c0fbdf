#include "media/probe_lines.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using namespace std::chrono_literals;

// Every member differs from its default, so that one that is left out shows.
VideoProbe full_probe() {
    return {
        .container = Container::mpegts,
        .size = {8'000'000'001},
        .duration = 140'500ms,
        .picture =
            PictureStream{
                .index = 1,
                .codec = "hevc",
                .profile = "High 4:4:4 Predictive",
                .level = 42,
                .codec_string = "avc1.64002a",
                .pixel_format = "yuv420p10le",
                .size = {3840, 2160},
                .rotation = 270,
                .sample_aspect_width = 4,
                .sample_aspect_height = 3,
                .frame_rate = 29.97,
                .packets = 4200,
                .bytes = {7'000'000'000},
                .discarded_packets = 7,
                .keyframe_gap_max = 2500ms,
                .parameters_change = true,
                .index_entries = 4201,
                .last_begin = 140'300ms,
                .data_end = 140'400ms,
                .gop_longest = 250,
                .has_open_gop = true,
                .interlaced = true,
                .high_dynamic_range = true,
                .encrypted = true,
            },
        .sound =
            SoundStream{
                .index = 2,
                .codec = "aac",
                .channels = 6,
                .sample_rate = 48000,
                .is_low_complexity = false,
                .discarded_packets = 2,
            },
        .corrupt_packets = 3,
        .packet_cap_reached = true,
    };
}

TEST(ProbeLines, AProbeComesBackAsItWas) {
    const auto text = probe_lines(full_probe());
    const auto read = read_probe_lines(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(*read, full_probe());
    const VideoProbe empty{.container = Container::mp4};
    const auto read_empty = read_probe_lines(probe_lines(empty));
    ASSERT_TRUE(read_empty);
    EXPECT_EQ(*read_empty, empty);
}

TEST(ProbeLines, WhatIsMissingTooMuchOrInAnotherOrderIsNoProbe) {
    const auto text = probe_lines(full_probe());
    EXPECT_FALSE(read_probe_lines(""));
    for (std::size_t length = 0; length < text.size(); ++length) {
        EXPECT_FALSE(read_probe_lines(std::string_view(text).substr(0, length))) << length;
    }
    EXPECT_FALSE(read_probe_lines(text + "more=1\n"));
    const auto first = text.find('\n') + 1;
    const auto second = text.find('\n', first) + 1;
    EXPECT_FALSE(read_probe_lines(
        text.substr(first, second - first) + text.substr(0, first) + text.substr(second)
    ));
}

TEST(ProbeLines, ValuesOutsideTheirBoundsAreRefused) {
    struct Change {
        std::string_view from;
        std::string_view to;
    };
    constexpr Change changes[] = {
        {"container=3", "container=200"},
        {"picture.codec=hevc", "picture.codec=hevc;rm"},
        {"picture.codec=hevc", "picture.codec=a/b"},
        {"picture.width=3840", "picture.width=-1"},
        {"picture.width=3840", "picture.width=99999999999"},
        {"picture.rotation=270", "picture.rotation=45"},
        {"picture.sample_aspect_height=3", "picture.sample_aspect_height=0"},
        {"picture.interlaced=1", "picture.interlaced=2"},
        {"duration=140500", "duration=9223372036854775807"},
        {"duration=140500", "duration=1e3"},
        {"sound.channels=6", "sound.channels=0"},
        {"size=8000000001", "size=-8"},
    };
    for (const auto& change : changes) {
        auto text = probe_lines(full_probe());
        const auto at = text.find(change.from);
        ASSERT_NE(at, std::string::npos) << change.from;
        text.replace(at, change.from.size(), change.to);
        EXPECT_FALSE(read_probe_lines(text)) << change.to;
    }
    for (const auto* rate : {"inf", "nan", "0xinf", "-0x1p+3", "0x", "12"}) {
        auto text = probe_lines(full_probe());
        const auto at = text.find("frame_rate=") + 11;
        text.replace(at, text.find('\n', at) - at, rate);
        EXPECT_FALSE(read_probe_lines(text)) << rate;
    }
}

}  // namespace
}  // namespace sluice
