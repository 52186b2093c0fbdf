// What the pool tells its slots: that there is work, that a job is cancelled, that it is over.
// Thread-safe.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <vector>

#include "base/ids.hpp"
#include "base/unique_fd.hpp"

namespace sluice {

// Of one slot: wakes it while it waits for its worker.
class Interrupt {
  public:
    // Readable since it was raised.
    int event() const { return event_.get(); }
    bool is_raised() const { return is_raised_; }

    void raise() {
        is_raised_ = true;
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(event_.get(), &one, sizeof one);
    }
    void reset() {
        is_raised_ = false;
        std::uint64_t count = 0;
        [[maybe_unused]] const auto taken = ::read(event_.get(), &count, sizeof count);
    }

  private:
    std::atomic<bool> is_raised_ = false;
    UniqueFd event_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

class PoolSignals {
  public:
    void wake() {
        {
            const std::scoped_lock lock(mutex_);
            ++wakes_;
        }
        changed_.notify_all();
    }

    void stop() {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
        for (const auto& [media, interrupt] : under_way_) {
            interrupt->raise();
        }
        changed_.notify_all();
    }
    bool is_stopping() const { return stopping_; }

    // Until woken after `seen` (which is brought up to date), stopped, or the time is over.
    void wait(std::uint64_t& seen, std::chrono::milliseconds at_most) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, at_most, [&] { return stopping_ || wakes_ != seen; });
        seen = wakes_;
    }

    // Sleeps through wakes.
    void pause(std::chrono::milliseconds at_most) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, at_most, [&] { return stopping_.load(); });
    }

    // From now until end() a cancellation of `media` raises the interrupt; at once, if it came just
    // before.
    void begin(MediaId media, Interrupt& interrupt) {
        const std::scoped_lock lock(mutex_);
        interrupt.reset();
        under_way_[media] = &interrupt;
        if (stopping_ || std::ranges::find(missed_, media) != missed_.end()) {
            interrupt.raise();
        }
    }
    void end(MediaId media, const Interrupt& interrupt) {
        const std::scoped_lock lock(mutex_);
        const auto found = under_way_.find(media);
        if (found != under_way_.end() && found->second == &interrupt) {
            under_way_.erase(found);
        }
    }
    void cancel(MediaId media) {
        const std::scoped_lock lock(mutex_);
        if (const auto found = under_way_.find(media); found != under_way_.end()) {
            found->second->raise();
            return;
        }
        // Claimed perhaps, and not begun.
        missed_.push_back(media);
        if (missed_.size() > missed_max) {
            missed_.pop_front();
        }
    }

  private:
    static constexpr std::size_t missed_max = 64;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t wakes_ = 0;
    std::atomic<bool> stopping_ = false;
    std::map<MediaId, Interrupt*> under_way_;
    std::deque<MediaId> missed_;
};

}  // namespace sluice
