// A medium in X's words, as look-ups and posts show it: its type, and where its outputs are. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/request.hpp"
#include "service/annotations.hpp"

namespace sluice::protocol {

class UrlSigner;

struct MediaVariant {
    std::uint64_t bit_rate = 0;  // bits in a second, of all that is in it
    std::string content_type;
    std::string url;
};

struct SubtitleView {
    SubtitleTrack track;
    std::string url;
};

struct MediaView {
    std::string media_key;
    std::string_view type;    // photo, video, animated_gif
    std::string url;          // of a photo; empty until it is ready
    std::string preview_url;  // of a video or GIF
    std::uint32_t width = 0;  // as displayed; 0 until it is ready
    std::uint32_t height = 0;
    std::uint64_t duration_ms = 0;
    std::string alt_text;
    std::vector<MediaVariant> variants;  // of a video or GIF
    std::vector<SubtitleView> subtitles;
};

// `signer`: if given, the addresses are signed.
MediaView view_of(const Medium& medium, const http::Request& request, const UrlSigner* signer);

// The addresses of a video's subtitles.
std::vector<SubtitleView> subtitles_of(
    const Attachments& attachments, const http::Request& request, const UrlSigner* signer
);

}  // namespace sluice::protocol
