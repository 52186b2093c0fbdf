// CorrectedClock: nodes go by the clock of the database that they share, so that an expiry means the same to
// all. Until it is told what that one says it is the system's clock; from then on it counts the time since the machine
// started, which no administrator and no time service sets: a system's clock that jumps between two looks at the
// database must not end the uploads of everybody. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>

#include "base/clock.hpp"

namespace sluice {

class CorrectedClock final : public Clock {
  public:
    WallTime now() const override;
    // The other one is the system's and so much, now.
    void correct_by(std::chrono::milliseconds offset);
    // What was told last.
    std::chrono::milliseconds offset() const { return std::chrono::milliseconds(offset_); }

  private:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();

    SystemClock system_;
    std::atomic<std::int64_t> offset_ = 0;
    std::atomic<std::int64_t> started_ = never;  // the machine, by the other clock
};

}  // namespace sluice
