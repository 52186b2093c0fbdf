// IdClock: the time that goes into ids, kept within what this process was granted. Processes that have
// one number after the other, or two at once because a data directory was copied, are granted ranges
// that do not meet, by a row that is locked: so no id is made twice, whatever the clocks say and
// however long one of them slept. Who gets no more because its database is away, or its number is
// another's, makes the ids of the last moments of its range, of which there are millions.
// Thread-safe.
#pragma once

#include <algorithm>
#include <atomic>

#include "base/clock.hpp"

namespace sluice {

class IdClock final : public Clock {
  public:
    // As `clock`, until it is told a range.
    explicit IdClock(const Clock& clock) : clock_(clock) {}

    WallTime now() const override {
        const WallTime last = until_.load() - kept_back;
        return std::max(from_.load(), std::min(clock_.now(), last));
    }
    // Ids of [from, until); later only until when. Before the first id, and from one thread.
    void keep_to(WallTime from, WallTime until) {
        from_ = from;
        until_ = until;
    }
    void keep_until(WallTime until) { until_ = until; }

    // 4096 ids fit into a millisecond: 2 million are left when time has stopped.
    static constexpr std::chrono::milliseconds kept_back{500};

  private:
    const Clock& clock_;
    std::atomic<WallTime> from_ = WallTime::min();
    std::atomic<WallTime> until_ = WallTime::max();
};

}  // namespace sluice
