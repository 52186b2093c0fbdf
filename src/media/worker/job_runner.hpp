// One job in the worker, from the order to the report that ends it: sniff, check, probe, plan,
// make. Blocking.
#pragma once

#include <functional>
#include <string>

#include "media/worker_protocol.hpp"

namespace sluice {

// Sends a report to the supervisor.
using Send = std::function<void(const WorkerReport&)>;

// Sends progress while it works; the end (done or failed) is returned.
WorkerReport run_job(const JobOrder& order, const std::string& ffmpeg, const Send& send);

}  // namespace sluice
