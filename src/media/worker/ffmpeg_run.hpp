// One run of ffmpeg on behalf of a video job, and what its end means to the owner of the medium:
// nothing that ffmpeg says reaches them. In the worker only; blocking.
#pragma once

#include <chrono>
#include <string>

#include "media/failures.hpp"
#include "media/ffmpeg_command.hpp"
#include "media/worker/launcher.hpp"

namespace sluice {

struct VideoWork {
    std::string ffmpeg;  // the executable
    std::string input;
    std::string output_folder;
    Container container = Container::unknown;
    ByteCount input_size;
    unsigned cores = 1;
    std::chrono::milliseconds wall_max{0};
};

struct CleanRun {
    bool complained = false;  // of damage that it could live with
};

// Failures: DecodeError, ResourceLimit, and those of code 2, which may be tried again.
Processed<CleanRun> run_ffmpeg(
    Arguments arguments, const VideoWork& work, const OnPosition& on_position
);

}  // namespace sluice
