// Runs the queued jobs on a fixed number of slots in each lane, each a thread with a sluice-worker of
// its own: claims, supervises, keeps the lease, publishes. A worker that dies, falls silent or speaks
// nonsense is replaced and its job tried again. The threads of the server that wait for workers
// live in worker_pool.cpp and nowhere else. The pool never opens a medium.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.hpp"
#include "base/result.hpp"
#include "media/cost_model.hpp"
#include "service/jobs.hpp"
#include "service/queue_time.hpp"

namespace sluice {

struct WorkerPoolSettings {
    std::string worker_path;     // empty: sluice-worker beside the running program
    std::string scratch_folder;  // made if missing; a folder per job below it
    std::string holder;          // the name under which this process leases jobs
    unsigned slots = 0;          // for films; 0: half of the cores, at least one
    unsigned quick_slots = 0;    // for images and subtitles; 0: the same
    unsigned cores_per_job = 0;  // of a film; 0: the machine's, shared out among the slots
    std::string speed_file;      // where what was learned of speeds is kept; empty: nowhere
    // How soon a job is met that nobody announced by wake(): on average, so that those who ask do not
    // ask together.
    std::chrono::milliseconds poll_interval{500};
    // How often the lease is renewed and progress stored. A cancelled job that nobody announced by
    // cancel() is noticed as late as this.
    std::chrono::milliseconds heartbeat{900};
    // A worker that says nothing for so long is replaced. Above the time that reading the largest
    // file takes.
    std::chrono::milliseconds silence_max{180'000};
    // Pause before a worker that died is started again; doubles up to 5 s while none lives to
    // finish a job.
    std::chrono::milliseconds restart_pause{100};
    bool sandbox = true;     // false: decoders have limits, but no walls
    bool may_copy = true;    // what conforms is published packet by packet
    bool as_x = false;       // what X refuses fails, instead of being converted
    bool with_avif = false;  // pictures in AVIF too
};

// How many jobs may run at once.
LaneSlots slots_of(const WorkerPoolSettings& settings);
// How many threads the encoder of a film has.
unsigned cores_of_a_job(const WorkerPoolSettings& settings);

class Slot;
class PoolSignals;
class SpeedFile;

// Where the worker lies if nobody says otherwise: beside the running program.
std::string worker_beside_us();

class WorkerPool {
  public:
    // All references outlive the pool.
    WorkerPool(WorkerPoolSettings settings, Jobs& jobs, SpeedLearner& speed, Metrics& metrics);
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;
    ~WorkerPool();  // stops

    // Starts threads and workers. Errors: internal, if the worker program or the scratch folder
    // cannot be used.
    Result<void> start();
    // There is a new job. Any thread, does not block.
    void wake();
    // The job of this upload, which was cancelled, is to be stopped: its worker is killed at once.
    // Any thread, does not block.
    void cancel(MediaId media);
    // Ends: kills the workers, puts their jobs back without counting the attempt, waits for the
    // threads. Within a second or so; idempotent.
    void stop();

    const WorkerPoolSettings& settings() const { return settings_; }
    // How many jobs may run at once: for predictions.
    LaneSlots slots() const { return {.quick = settings_.quick_slots, .film = settings_.slots}; }
    // The workers that live now, for the health page.
    std::vector<pid_t> worker_pids() const;

  private:
    struct Threads;

    WorkerPoolSettings settings_;
    std::unique_ptr<PoolSignals> signals_;
    std::unique_ptr<SpeedFile> speed_file_;
    std::vector<std::unique_ptr<Slot>> slots_;
    std::unique_ptr<Threads> threads_;
};

}  // namespace sluice
