// The argument vectors with which the ffmpeg executable is run (reference: media-pipeline, section
// 5), and the reader of its progress pipe. Nothing here ever meets a shell. Pure, but
// ProgressReader, which belongs to one run.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "media/plan.hpp"

namespace sluice {

using Arguments = std::vector<std::string>;

struct FfmpegFiles {
    std::string input;
    std::string output;
};

// The one rendition: H.264 and AAC, faststart, without any metadata of the source.
Arguments encode_arguments(
    const VideoPlan& plan, Container container, const FfmpegFiles& files, unsigned threads
);

// A JPEG from a rendition that we made ourselves.
Arguments poster_arguments(const FfmpegFiles& files);

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
