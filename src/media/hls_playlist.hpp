// The text of HLS playlists (RFC 8216, and Apple's authoring rules for what a master playlist must
// tell): reading the media playlists that ffmpeg writes, writing the master playlist that it cannot.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "media/category_rules.hpp"

namespace sluice {

// A media playlist of byte ranges of one file.
struct PlaylistFacts {
    std::uint64_t segments = 0;
    double seconds = 0;
    std::uint64_t file_bytes = 0;  // the end of the last range
    double peak_bits_per_second = 0;
    double average_bits_per_second = 0;
};

// Nothing if it is not a whole playlist of that kind.
std::optional<PlaylistFacts> read_media_playlist(std::string_view text);

struct HlsVariant {
    std::string uri;
    PixelSize size;
    double frame_rate = 0;
    std::string codec_string;  // RFC 6381, of the picture
    PlaylistFacts facts;
};

struct HlsSound {
    std::string uri;
    PlaylistFacts facts;
};

// Variants in the order in which they are listed; players begin with the first.
std::string master_playlist(
    const std::vector<HlsVariant>& variants, const std::optional<HlsSound>& sound
);

struct HlsSubtitles {
    std::string uri;       // of their media playlist
    std::string language;  // BCP 47
    std::string name;
};

// The master playlist with subtitles that came to the video later.
std::string with_subtitles(std::string_view master, const std::vector<HlsSubtitles>& subtitles);

// A media playlist of one WebVTT file.
std::string subtitle_playlist(std::string_view uri, double seconds);

}  // namespace sluice
