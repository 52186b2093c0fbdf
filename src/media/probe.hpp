// What a look at the file told, without decoding pictures: the input of the plan. Made by the
// worker (libav, libvips), read by plan.cpp. Values only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "media/category_rules.hpp"
#include "media/sniff.hpp"

namespace sluice {

// No time in a probe is longer, whatever the container claims.
inline constexpr std::chrono::milliseconds probe_duration_max = std::chrono::years{10};

struct PictureStream {
    int index = 0;             // within the container
    std::string codec;         // libav's name: h264, hevc, …
    std::string profile;       // libav's name: "High"; empty: not told
    int level = 0;             // H.264: 10 times the level
    std::string codec_string;  // RFC 6381, "avc1.640028"; empty: not H.264 in MP4
    std::string pixel_format;
    PixelSize size;                         // as coded
    int rotation = 0;                       // 0, 90, 180, 270: what a player turns it by
    std::uint32_t sample_aspect_width = 1;  // shape of one pixel
    std::uint32_t sample_aspect_height = 1;
    double frame_rate = 0;  // average over the packets
    std::uint64_t packets = 0;
    ByteCount bytes;                      // of all packets
    std::uint64_t discarded_packets = 0;  // an edit list cuts them away
    std::chrono::milliseconds keyframe_gap_max{0};
    bool parameters_change = false;   // in mid-stream
    std::uint64_t index_entries = 0;  // frames that the container's index promises; 0: it has none
    std::chrono::milliseconds last_begin{0};  // of the last picture, from the first one on
    std::chrono::milliseconds data_end{0};    // end of the last packet that is there
    std::uint64_t gop_longest = 0;            // frames from one keyframe to the next
    bool has_open_gop = false;                // frames behind a keyframe are shown before it
    bool interlaced = false;
    bool high_dynamic_range = false;  // PQ or HLG
    bool encrypted = false;
    bool operator==(const PictureStream&) const = default;
};

struct SoundStream {
    int index = 0;
    std::string codec;
    int channels = 0;
    int sample_rate = 0;
    bool is_low_complexity = true;  // of AAC: LC, or not told
    std::uint64_t discarded_packets = 0;
    bool operator==(const SoundStream&) const = default;
};

struct VideoProbe {
    Container container = Container::unknown;
    ByteCount size;
    std::chrono::milliseconds duration{0
    };  // the longer of what the container claims and what the packets say
    std::optional<PictureStream> picture;
    std::optional<SoundStream> sound;
    std::uint64_t corrupt_packets = 0;
    bool packet_cap_reached = false;
    bool operator==(const VideoProbe&) const = default;
};

struct ImageProbe {
    Container container = Container::unknown;
    ByteCount size;
    PixelSize picture;    // as stored
    int orientation = 1;  // EXIF, 1..8; 5 and above swap the sides
    int pages = 1;
    bool has_alpha = false;
    bool progressive = false;
};

}  // namespace sluice
