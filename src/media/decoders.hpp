// Which decoders may meet the bytes of users: an allow list for libav, by its names. The same for
// the probe and for every run of ffmpeg. Constants.
#pragma once

#include <array>
#include <string_view>

namespace sluice {

// What a video may be coded in.
inline constexpr std::array<std::string_view, 7> picture_codecs{
    "h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "gif"
};

// What its sound may be coded in: of phones, cameras, browsers and broadcasts.
inline constexpr std::array<std::string_view, 20> sound_codecs{
    "aac",       "mp3",    "opus",      "vorbis",    "ac3",       "eac3",      "mp2",
    "flac",      "alac",   "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le",
    "pcm_f32le", "pcm_u8", "pcm_mulaw", "pcm_alaw",  "amr_nb",    "amr_wb",
};

// The decoders of those codecs: some codecs have several, and AV1's is another library's.
inline constexpr const char* decoders_allowed =
    "h264,hevc,vp8,vp9,libdav1d,mpeg4,gif,aac,mp3,mp3float,opus,libopus,vorbis,ac3,eac3,mp2,"
    "mp2float,flac,alac,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_f32le,pcm_u8,"
    "pcm_mulaw,pcm_alaw,amrnb,amrwb";

}  // namespace sluice
