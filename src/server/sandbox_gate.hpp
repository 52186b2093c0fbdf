// Nothing is decoded before this passed: the walls around decoders hold, or it was said by hand that
// none are wanted. Blocking, once at the start.
#pragma once

#include "base/metrics.hpp"
#include "base/result.hpp"
#include "processing/worker_pool.hpp"

namespace sluice::server {

// Logs what holds and what does not, and sets the gauges sluice_sandbox_wall. Errors: internal,
// with what to do in `facts`.
Result<void> pass_sandbox_gate(const WorkerPoolSettings& settings, Metrics& metrics);

}  // namespace sluice::server
