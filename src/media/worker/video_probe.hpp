// Looks into a video without decoding pictures: opens it with the demuxer that the sniffed
// container forces, reads every packet once. In the worker only; no other file is ever opened on
// behalf of the input. Blocking.
#pragma once

#include <string>

#include "media/failures.hpp"
#include "media/probe.hpp"

namespace sluice {

// Failures: CorruptContainer.
Processed<VideoProbe> probe_video(const std::string& path, Container container);

}  // namespace sluice
