// One run of ffmpeg on behalf of a video job, and what its end means to the owner of the medium:
// nothing that ffmpeg says reaches them. In the worker only; blocking.
#pragma once

#include <chrono>
#include <string>

#include "base/ids.hpp"
#include "media/failures.hpp"
#include "media/ffmpeg_command.hpp"
#include "media/sandbox/sandbox.hpp"

namespace sluice {

struct VideoWork {
    JobId job;
    std::string ffmpeg;  // the executable
    std::string input;
    std::string output_folder;
    Container container = Container::unknown;
    ByteCount input_size;
    std::string codec;           // of the pictures
    std::uint64_t pictures = 0;  // that the probe counted
    unsigned cores = 1;
    std::chrono::milliseconds wall_max{0};
    Walls walls = Walls::all;
};

struct CleanRun {
    std::uint64_t decoder_messages = 0;  // of damage that it could live with
};

// Failures: DecodeError, ResourceLimit, and those of code 2, which may be tried again.
using OnPosition = std::function<void(std::chrono::milliseconds)>;

Processed<CleanRun> run_ffmpeg(
    Arguments arguments, const VideoWork& work, const OnPosition& on_position
);

}  // namespace sluice
