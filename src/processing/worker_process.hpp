// One sluice-worker as a child process of the server: started, spoken to in lines, killed with its
// whole group, waited for. Owned and used by one slot's thread; the child dies with that thread.
// Whatever it writes is read as hostile. Blocking.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "media/worker_protocol.hpp"

namespace sluice {

class WorkerProcess {
  public:
    // Errors: internal, if the program could not be started.
    static Result<WorkerProcess> start(
        const std::string& program, const std::vector<std::string>& arguments = {}
    );

    WorkerProcess(WorkerProcess&& other) noexcept;
    WorkerProcess& operator=(WorkerProcess&& other) noexcept;
    WorkerProcess(const WorkerProcess&) = delete;
    WorkerProcess& operator=(const WorkerProcess&) = delete;
    ~WorkerProcess();  // kills it

    Result<void> send(const JobOrder& order);

    // Waits until something can be read, the worker is gone, `interrupt` is readable, or the time
    // is over; then gives the reports that are complete. Error internal: it is gone, or spoke
    // nonsense; only kill() helps.
    Result<std::vector<WorkerReport>> reports(int interrupt, std::chrono::milliseconds wait_max);

    // All that it writes until it ends, for a worker that was started for one answer. Error
    // internal: it took longer, or wrote too much.
    Result<std::string> text_to_the_end(std::chrono::milliseconds wait_max);

    bool has_exited();
    // Ends it and its children at once, and waits. What it died of if it was dead before: "exit 2",
    // "signal 9".
    std::string kill();
    pid_t pid() const { return pid_; }

  private:
    WorkerProcess(pid_t pid, UniqueFd orders, UniqueFd answers)
        : pid_(pid), orders_(std::move(orders)), answers_(std::move(answers)) {}
    Result<void> read_more();
    Result<std::vector<WorkerReport>> take_lines();

    pid_t pid_ = -1;
    UniqueFd orders_;
    UniqueFd answers_;
    std::string buffer_;
};

}  // namespace sluice
