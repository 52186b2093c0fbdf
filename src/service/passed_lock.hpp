// A lock that another thread than the one that took it may let go: work that waits for a commit goes on
// wherever there is room. Lockable by std::lock_guard; thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace sluice {

class PassedLock {
  public:
    void lock() {
        std::unique_lock lock(mutex_);
        while (is_taken_) {
            freed_.wait(lock);
        }
        is_taken_ = true;
    }
    void unlock() {
        {
            const std::lock_guard lock(mutex_);
            is_taken_ = false;
        }
        freed_.notify_one();
    }
    bool try_lock_for(std::chrono::milliseconds patience) {
        std::unique_lock lock(mutex_);
        if (!freed_.wait_for(lock, patience, [this] { return !is_taken_; })) {
            return false;
        }
        is_taken_ = true;
        return true;
    }

  private:
    std::mutex mutex_;
    std::condition_variable freed_;
    bool is_taken_ = false;
};

}  // namespace sluice
