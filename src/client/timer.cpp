#include "client/timer.hpp"

#include <algorithm>
#include <thread>

namespace sluice::client {

Milliseconds SteadyTimer::now() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<Milliseconds>(now);
}

// In slices, because a signal handler can raise a flag but wake nobody.
void SteadyTimer::wait(Milliseconds duration, const StopFlag& stop) {
    constexpr auto slice = Milliseconds(50);
    const auto end = now() + duration;
    while (!stop.load() && now() < end) {
        std::this_thread::sleep_for(std::min(slice, end - now()));
    }
}

}  // namespace sluice::client
