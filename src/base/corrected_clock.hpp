// CorrectedClock: nodes go by the clock of the database that they share, so that an expiry means the same to
// all. Until it is told what that one says it is the system's clock; from then on it counts the time since the machine
// started, which no administrator and no time service sets: a system's clock that jumps, between two looks at the
// database or in the middle of one, must not end the uploads of everybody. Thread-safe; told by one thread at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>

#include "base/clock.hpp"

namespace sluice {

// The machine, with the time that it slept, unlike the steady clock.
std::chrono::milliseconds since_start();

class CorrectedClock final : public Clock {
  public:
    // `system` outlives it; none: the system's own.
    explicit CorrectedClock(const Clock* system = nullptr) : system_(system) {}

    WallTime now() const override;
    // The other one said this at some time between two moments, by since_start(). Only what contradicts that is put
    // right, and no further than it must: an answer that took long says little, and spoils nothing.
    void heard(WallTime said, std::chrono::milliseconds asked, std::chrono::milliseconds answered);
    // When the machine started, by the other one: what another of this class has found.
    void count_from(WallTime started);
    // Precondition: it was told.
    WallTime started() const { return WallTime(std::chrono::milliseconds(started_)); }
    // The other one less the system's, when it was told last.
    std::chrono::milliseconds offset() const { return std::chrono::milliseconds(offset_); }

  private:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();
    WallTime system_now() const { return system_ == nullptr ? own_.now() : system_->now(); }

    const SystemClock own_;
    const Clock* const system_;
    std::atomic<std::int64_t> offset_ = 0;
    std::atomic<std::int64_t> started_ = never;
};

}  // namespace sluice
