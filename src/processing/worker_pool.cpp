#include "processing/worker_pool.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "processing/pool_signals.hpp"
#include "processing/slot.hpp"
#include "processing/speed_file.hpp"

namespace sluice {
namespace {

unsigned cores_of_machine() {
    return std::max(1U, std::thread::hardware_concurrency());
}

WorkerPoolSettings with_defaults(WorkerPoolSettings settings) {
    if (settings.slots == 0) {
        settings.slots = std::max(1U, cores_of_machine() / 2);
    }
    if (settings.quick_slots == 0) {
        settings.quick_slots = std::max(1U, cores_of_machine() / 2);
    }
    if (settings.cores_per_job == 0) {
        settings.cores_per_job = std::max(1U, cores_of_machine() / settings.slots);
    }
    if (settings.worker_path.empty()) {
        settings.worker_path = worker_beside_us();
    }
    return settings;
}

}  // namespace

LaneSlots slots_of(const WorkerPoolSettings& settings) {
    const WorkerPoolSettings whole = with_defaults(settings);
    return {.quick = whole.quick_slots, .film = whole.slots};
}

unsigned cores_of_a_job(const WorkerPoolSettings& settings) {
    return with_defaults(settings).cores_per_job;
}

std::string worker_beside_us() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    return (self.parent_path() / "sluice-worker").string();
}

struct WorkerPool::Threads {
    std::vector<std::jthread> running;
};

WorkerPool::WorkerPool(
    WorkerPoolSettings settings, Jobs& jobs, SpeedLearner& speed, Metrics& metrics
)
    : settings_(with_defaults(std::move(settings))),
      signals_(std::make_unique<PoolSignals>()),
      speed_file_(std::make_unique<SpeedFile>(settings_.speed_file, speed)),
      threads_(std::make_unique<Threads>()) {
    jobs.wait_by([this](std::chrono::milliseconds pause) {
        signals_->pause(pause);
        return !signals_->is_stopping();
    });
    for (const Lane lane : {Lane::quick, Lane::film}) {
        for (unsigned i = 0; i < slots().of(lane); ++i) {
            slots_.push_back(std::make_unique<Slot>(
                SlotParts{settings_, lane, jobs, speed, *speed_file_, metrics, *signals_}
            ));
        }
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
    // What a killed server left behind; nobody else has jobs in here.
    for (const auto& entry : std::filesystem::directory_iterator(settings_.scratch_folder, error)) {
        std::filesystem::remove_all(entry.path(), error);
    }
    if (::access(settings_.worker_path.c_str(), X_OK) != 0) {
        return Error{
            .code = ErrorCode::internal, .detail = "no worker program at " + settings_.worker_path
        };
    }
    speed_file_->load();
    for (const auto& slot : slots_) {
        threads_->running.emplace_back([&body = *slot] { body.run(); });
    }
    return ok();
}

void WorkerPool::wake() {
    signals_->wake();
}

void WorkerPool::cancel(MediaId media) {
    signals_->cancel(media);
}

void WorkerPool::stop() {
    signals_->stop();
    if (!threads_->running.empty()) {
        threads_->running.clear();  // joins
        speed_file_->save();
    }
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
