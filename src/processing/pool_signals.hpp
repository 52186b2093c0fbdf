// What the pool tells its slots: that there is work, that it is over. Thread-safe.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "base/unique_fd.hpp"

namespace sluice {

struct PoolSignals {
    void wake() {
        {
            const std::scoped_lock lock(mutex);
            ++wakes;
        }
        changed.notify_all();
    }

    void stop() {
        {
            const std::scoped_lock lock(mutex);
            stopping = true;
        }
        changed.notify_all();
        const std::uint64_t one = 1;
        // Never read, so it stays readable for every slot that polls it.
        [[maybe_unused]] const auto written = ::write(stop_event.get(), &one, sizeof one);
    }

    // Until woken after `seen` (which is brought up to date), stopped, or the time is over.
    void wait(std::uint64_t& seen, std::chrono::milliseconds at_most) {
        std::unique_lock lock(mutex);
        changed.wait_for(lock, at_most, [&] { return stopping || wakes != seen; });
        seen = wakes;
    }

    // Sleeps through wakes.
    void pause(std::chrono::milliseconds at_most) {
        std::unique_lock lock(mutex);
        changed.wait_for(lock, at_most, [&] { return stopping.load(); });
    }

    std::mutex mutex;
    std::condition_variable changed;
    std::uint64_t wakes = 0;
    std::atomic<bool> stopping = false;
    UniqueFd stop_event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

}  // namespace sluice
