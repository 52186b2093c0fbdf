#include "base/corrected_clock.hpp"

#include <algorithm>
#include <ctime>

namespace sluice {

using std::chrono::milliseconds;

milliseconds since_start() {
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return milliseconds(time.tv_sec * 1000 + time.tv_nsec / 1'000'000);
}

WallTime CorrectedClock::now() const {
    return started_ == never ? system_now() : started() + since_start();
}

void CorrectedClock::heard(WallTime said, milliseconds asked, milliseconds answered) {
    const WallTime earliest = said - answered;
    const WallTime latest = said - asked;
    count_from(
        started_ == never ? earliest + (latest - earliest) / 2
                          : std::clamp(started(), earliest, latest)
    );
}

void CorrectedClock::count_from(WallTime started) {
    offset_ = (started + since_start() - system_now()).count();
    started_ = started.time_since_epoch().count();
}

}  // namespace sluice
