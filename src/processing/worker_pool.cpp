#include "processing/worker_pool.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "processing/pool_signals.hpp"
#include "processing/slot.hpp"

namespace sluice {
namespace {

std::string worker_beside_us() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    return (self.parent_path() / "sluice-worker").string();
}

unsigned cores_of_machine() {
    return std::max(1U, std::thread::hardware_concurrency());
}

WorkerPoolSettings with_defaults(WorkerPoolSettings settings) {
    if (settings.slots == 0) {
        settings.slots = std::max(1U, cores_of_machine() / 2);
    }
    if (settings.worker_path.empty()) {
        settings.worker_path = worker_beside_us();
    }
    return settings;
}

}  // namespace

struct WorkerPool::Threads {
    std::vector<std::jthread> running;
};

WorkerPool::WorkerPool(
    WorkerPoolSettings settings, Jobs& jobs, SpeedLearner& speed, Metrics& metrics
)
    : settings_(with_defaults(std::move(settings))),
      cores_per_job_(std::max(1U, cores_of_machine() / settings_.slots)),
      signals_(std::make_unique<PoolSignals>()),
      threads_(std::make_unique<Threads>()) {
    for (unsigned i = 0; i < settings_.slots; ++i) {
        slots_.push_back(std::make_unique<Slot>(
            SlotParts{settings_, cores_per_job_, jobs, speed, metrics, *signals_}
        ));
    }
}

WorkerPool::~WorkerPool() {
    stop();
}

Result<void> WorkerPool::start() {
    std::error_code error;
    std::filesystem::create_directories(settings_.scratch_folder, error);
    if (error) {
        return system_error(error.value(), "scratch folder " + settings_.scratch_folder);
    }
    if (::access(settings_.worker_path.c_str(), X_OK) != 0) {
        return Error{
            .code = ErrorCode::internal, .detail = "no worker program at " + settings_.worker_path
        };
    }
    for (const auto& slot : slots_) {
        threads_->running.emplace_back([&body = *slot] { body.run(); });
    }
    return ok();
}

void WorkerPool::wake() {
    signals_->wake();
}

void WorkerPool::stop() {
    signals_->stop();
    threads_->running.clear();  // joins
}

std::vector<pid_t> WorkerPool::worker_pids() const {
    std::vector<pid_t> pids;
    for (const auto& slot : slots_) {
        if (const auto pid = slot->worker_pid(); pid > 0) {
            pids.push_back(pid);
        }
    }
    return pids;
}

}  // namespace sluice
