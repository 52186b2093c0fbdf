// Runs a video plan: ffmpeg as a child for tracks, containers, poster and storyboard, then a look
// at what came out. In the worker only; blocking.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "media/failures.hpp"
#include "media/video_plan.hpp"
#include "media/worker/ffmpeg_run.hpp"
#include "media/worker_protocol.hpp"

namespace sluice {

struct VideoListener {
    // Told at least twice a second: the step, and the position within it (zero where it has none).
    std::function<void(StepKind, std::chrono::milliseconds)> on_step;
    // Once, for anything but a loop: these can be played already. The files may be gone afterwards.
    std::function<void(const std::vector<ProducedFile>&)> on_playable;
};

struct MadeVideo {
    std::vector<ProducedFile> files;
    // The decoder complained of packets that the plan publishes as they are: make it again without
    // copies.
    bool copy_is_damaged = false;
};

// Failures: DecodeError, ResourceLimit, Truncated, BadTimestamps, and those of code 2, which may be
// tried again.
Processed<MadeVideo> make_video(
    const VideoPlan& plan, const VideoWork& work, const VideoListener& listener
);

}  // namespace sluice
