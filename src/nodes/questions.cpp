#include "nodes/questions.hpp"

#include <utility>

namespace sluice {

std::uint64_t Questions::ask(std::size_t answers) {
    const std::scoped_lock lock(mutex_);
    open_[++last_] = {.missing = answers, .running = {}};
    return last_;
}

RunningAppends Questions::wait(std::uint64_t number, std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return open_[number].missing == 0; });
    RunningAppends running = std::move(open_[number].running);
    open_.erase(number);
    return running;
}

void Questions::answered(std::uint64_t number, const RunningAppends& running) {
    const std::scoped_lock lock(mutex_);
    const auto found = open_.find(number);
    if (found == open_.end() || found->second.missing == 0) {
        return;  // it came too late
    }
    --found->second.missing;
    found->second.running.insert(found->second.running.end(), running.begin(), running.end());
    changed_.notify_all();
}

}  // namespace sluice
