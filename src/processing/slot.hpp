// One slot of the pool: a worker process and the job that it has, seen through from claim to
// commit. run() is the body of the slot's thread; everything but worker_pid() belongs to that
// thread.
//
// A job in a slot: claimed -> prepared (scratch folder, input) -> ordered -> reports … -> one of
//   done      outputs published, upload ready        failed    the medium is at fault, upload
//   failed retried   the worker or the machine is at fault, back in the queue (or failed after the
//   last attempt) lost      cancelled, or the lease went to another: worker killed, nothing written
//   stopped   the pool drains: worker killed, job back in the queue, attempt not counted
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/metrics.hpp"
#include "media/cost_model.hpp"
#include "processing/pool_signals.hpp"
#include "processing/speed_file.hpp"
#include "processing/worker_pool.hpp"
#include "processing/worker_process.hpp"
#include "service/jobs.hpp"

namespace sluice {

// How long a slot lets the store be after so many tries in a row (from 1) that met it away: one second,
// doubling, half a minute at most.
std::chrono::milliseconds pause_for_store(int tries);

struct SlotParts {
    const WorkerPoolSettings& settings;
    Lane lane;
    Jobs& jobs;
    SpeedLearner& speed;
    SpeedFile& speed_file;
    Metrics& metrics;
    PoolSignals& signals;
};

class Slot {
  public:
    explicit Slot(SlotParts parts) : parts_(parts) {}

    // Until the pool stops.
    void run();
    // -1: none lives. Any thread.
    pid_t worker_pid() const { return pid_.load(); }

  private:
    // How a job's time with its worker ended; nothing yet means: still at it.
    struct Lost {};
    struct Stopped {};
    struct Died {
        std::string why;
    };
    struct Unpublished {
        ProcessingFailure why;
    };
    using End = std::variant<DoneReport, FailedReport, Lost, Stopped, Died, Unpublished>;

    bool ensure_worker();
    void drop_worker(std::string_view reason);
    bool claim_and_work();
    void work(LeasedJob& job);
    std::string_view run(LeasedJob& job);
    std::optional<ProcessingFailure> prepare(const LeasedJob& job, JobOrder& order);
    End supervise(LeasedJob& job);
    std::optional<End> take_all(LeasedJob& job, const std::vector<WorkerReport>& reports);
    std::optional<End> take(LeasedJob& job, const WorkerReport& report);
    std::optional<End> publish_early(const LeasedJob& job, const PlayableReport& report);
    std::optional<End> beat(LeasedJob& job);
    std::string_view settle(LeasedJob& job, const JobOrder& order, const End& end);
    std::string_view publish(LeasedJob& job, const JobOrder& order, const DoneReport& report);
    std::string_view retry(const LeasedJob& job, ProcessingFailure why);
    void count(const LeasedJob& job, std::string_view result, std::chrono::milliseconds took);
    std::string scratch_of(const LeasedJob& job) const;

    SlotParts parts_;
    std::optional<WorkerProcess> worker_;
    std::atomic<pid_t> pid_ = -1;
    Interrupt interrupt_;
    int deaths_in_a_row_ = 0;
    int stores_away_ = 0;  // tries in a row whose input could not be had since its store is away
    std::uint64_t wakes_seen_ = 0;
    bool is_telling_ = true;  // of the last job that became ready: speeds are learned from it
    // Of the job at hand:
    std::optional<ProgressReport> progress_;  // not yet stored
    std::chrono::steady_clock::time_point beat_at_;
    std::chrono::steady_clock::time_point heard_at_;
};

}  // namespace sluice
