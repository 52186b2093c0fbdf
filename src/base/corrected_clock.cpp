#include "base/corrected_clock.hpp"

#include <ctime>

namespace sluice {
namespace {

// With the time that it slept, unlike the steady clock.
std::chrono::milliseconds since_start() {
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return std::chrono::milliseconds(time.tv_sec * 1000 + time.tv_nsec / 1'000'000);
}

}  // namespace

WallTime CorrectedClock::now() const {
    const std::int64_t started = started_;
    return started == never ? system_.now()
                            : WallTime(std::chrono::milliseconds(started) + since_start());
}

void CorrectedClock::correct_by(std::chrono::milliseconds offset) {
    offset_ = offset.count();
    started_ = (system_.now() + offset - since_start()).time_since_epoch().count();
}

}  // namespace sluice
