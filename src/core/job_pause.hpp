// How far ahead a job can be put off. Used by every MetadataStore when it looks for the next job.
#pragma once

#include <chrono>

namespace sluice {

// Longer than any pause before a job: one that is to run later than this was written before the
// wall clock was set back, and runs now.
constexpr std::chrono::minutes job_pause_max{15};

}  // namespace sluice
