// The argument vectors with which the ffmpeg executable is run (reference: media-pipeline, section
// 5), and the reader of its progress pipe. Nothing here ever meets a shell. Pure, but
// ProgressReader, which belongs to one run.
//
// Tracks are intermediate files of the output folder: each rendition's picture and, apart, the
// sound. All have the source's timeline, and packaging keeps it.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "media/sniff.hpp"
#include "media/video_plan.hpp"

namespace sluice {

using Arguments = std::vector<std::string>;

struct FfmpegFiles {
    std::string input;
    std::string output;
};

struct TrackWork {
    Container container;  // of the input
    std::string input;
    std::string folder;  // the tracks go there
    unsigned threads = 1;
};

// Which tracks one run makes: the renditions [first, last) of the plan, and the sound.
struct TrackChoice {
    std::size_t first = 0;
    std::size_t last = 0;
    bool with_sound = false;
};

std::string picture_track(const std::string& folder, const Rendition& rendition);
std::string sound_track(const std::string& folder);

// Decodes the source once and encodes the chosen renditions that are not copied.
Arguments encode_arguments(const VideoPlan& plan, const TrackWork& work, const TrackChoice& choice);

// The source's own packets as the track of the largest rendition, and the sound if the plan copies
// it.
Arguments copy_arguments(const VideoPlan& plan, const TrackWork& work);

// Decodes what a copied video begins with, and makes nothing of it.
Arguments check_arguments(const VideoPlan& plan, const TrackWork& work);

// What is made of the tracks: progressive MP4s, faststart, of the renditions [first, last); and, once
// all tracks are there, a CMAF file of each with its media playlist. The master playlist is
// hls_playlist.hpp's.
struct PackageChoice {
    std::size_t first = 0;
    std::size_t last = 0;
    bool with_hls = false;
};
Arguments package_arguments(
    const VideoPlan& plan, const std::string& folder, const PackageChoice& choice
);
inline constexpr std::string_view sound_name = "a128";  // its HLS track

// A picture of the source that is worth showing, as PNG, in the size of the largest rendition.
Arguments poster_arguments(
    const VideoPlan& plan, const TrackWork& work, const std::string& picture
);

// The sprite as JPEG, from a track that we made ourselves.
Arguments storyboard_arguments(const Storyboard& storyboard, const FfmpegFiles& files);

// What ffmpeg writes to the progress pipe: blocks of key=value lines, each ended by
// progress=continue or progress=end.
class ProgressReader {
  public:
    // Takes bytes cut anywhere.
    void feed(std::string_view bytes);
    // Position in the output as of the last complete block; nothing before the first frame.
    std::optional<std::chrono::milliseconds> out_time() const { return out_time_; }

  private:
    void take_line(std::string_view line);

    std::string partial_;
    std::optional<std::chrono::milliseconds> in_block_;
    std::optional<std::chrono::milliseconds> out_time_;
};

}  // namespace sluice
