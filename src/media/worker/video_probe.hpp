// Looks into a video without decoding pictures: opens it with the demuxer that the sniffed
// container forces, reads every packet once. In the worker only, and there in a
// process of its own (task.hpp); no other file is ever opened on
// behalf of the input. Blocking.
#pragma once

#include <functional>
#include <string>

#include "media/failures.hpp"
#include "media/probe.hpp"
#include "media/sandbox/sandbox.hpp"

namespace sluice {

// `on_tick` is called while it lasts, about four times a second. Failures: CorruptContainer,
// StorageError, and those of a task.
Processed<VideoProbe> probe_video(
    const std::string& path,
    Container container,
    Walls walls,
    const std::function<void()>& on_tick = {}
);

}  // namespace sluice
