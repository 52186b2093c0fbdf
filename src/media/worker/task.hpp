// The parts of a job that decode within sluice-worker itself, each in a process of its own: forked
// from the worker, which has the libraries loaded and nothing else, put behind walls, heard through
// a pipe. What it says is read as hostile; a crash, an abort or a limit is a failure of the job and
// not of the worker. Precondition: the worker has one thread. Blocking.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "media/failures.hpp"
#include "media/sandbox/child.hpp"
#include "media/worker/job_runner.hpp"
#include "media/worker_protocol.hpp"

namespace sluice {

struct TaskLimits {
    ByteCount memory_max;
    ByteCount file_bytes_max{1};
    std::chrono::seconds cpu_max{0};
    std::chrono::seconds wall_max{0};
};

struct TaskRoom {
    std::string input;
    std::string output_folder;  // empty: it writes nothing
    TaskLimits limits;
    Walls walls = Walls::all;
};

// Runs `make` and gives what it returned, at most `text_max` bytes. Failures: what `make` failed
// with does not come through here; ResourceLimit, and those of code 2 that may be tried again.
inline constexpr std::size_t task_text_max = 64UL * 1024;
Processed<std::string> text_of_task(
    const TaskRoom& room,
    const std::function<std::string()>& make,
    const std::function<void()>& on_tick
);

// Runs the rest of a job: relays its progress, and gives the report that ends it. Reports of
// another job and what is no report end it.
WorkerReport report_of_task(
    const TaskRoom& room,
    JobId job,
    const std::function<WorkerReport(const Send&)>& work,
    const Send& send
);

}  // namespace sluice
