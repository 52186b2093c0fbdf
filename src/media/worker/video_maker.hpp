// Runs a video plan: ffmpeg as a child for the rendition and the poster, then a look at what came
// out. In the worker only; blocking. Nothing that ffmpeg says reaches the owner of the medium.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "media/failures.hpp"
#include "media/plan.hpp"
#include "media/probe.hpp"
#include "media/sandbox/sandbox.hpp"
#include "media/worker_protocol.hpp"

namespace sluice {

struct VideoWork {
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

// Told at least twice a second: the step, and the position within it (zero where it has none).
using OnStep = std::function<void(StepKind, std::chrono::milliseconds)>;

// Failures: DecodeError, ResourceLimit, and those of code 2, which may be tried again.
Processed<std::vector<ProducedFile>> make_video(
    const VideoPlan& plan, const VideoWork& work, const OnStep& on_step
);

}  // namespace sluice
