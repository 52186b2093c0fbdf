// A look at what ffmpeg made before anybody else sees it. In the worker only; blocking.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "media/hls_playlist.hpp"
#include "media/sandbox/sandbox.hpp"
#include "media/video_plan.hpp"
#include "media/worker_protocol.hpp"

namespace sluice {

// 0 if it is not there.
std::uint64_t size_of_file(const std::string& path);

// A progressive MP4 with size, tracks and length as planned. Failures: DecodeError, Truncated,
// BadTimestamps.
Processed<ProducedFile> verified_rendition(
    const VideoPlan& plan, const Rendition& rendition, const std::string& path, Walls walls
);

struct VerifiedTrack {
    PlaylistFacts facts;
    ByteCount media_size;
    ByteCount playlist_size;
    std::chrono::milliseconds duration{0};
};

struct Length {
    std::chrono::milliseconds min{0};
    std::chrono::milliseconds max{0};
};

// `track`.m3u8 and `track`.mp4 of the folder: whole, and as long as planned, within half a second
// and a hundredth. Failures: DecodeError.
Processed<VerifiedTrack> verified_track(
    const std::string& folder, const std::string& track, Length length
);

}  // namespace sluice
