// One job in the worker, from the order to the report that ends it: sniff, check, probe, plan,
// make. Blocking.
#pragma once

#include <functional>
#include <string>

#include "media/sandbox/sandbox.hpp"
#include "media/worker_protocol.hpp"

namespace sluice {

// Sends a report to the supervisor.
using Send = std::function<void(const WorkerReport&)>;

struct WorkerTools {
    std::string ffmpeg;  // the executable
    Walls walls = Walls::all;
};

// Sends progress while it works; the end (done or failed) is returned. Whatever decodes does it in
// a process of its own.
WorkerReport run_job(const JobOrder& order, const WorkerTools& tools, const Send& send);

}  // namespace sluice
