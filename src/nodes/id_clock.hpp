// IdClock: the time that goes into ids, kept within what this process was granted. Processes that have
// one number after the other, or two at once because a data directory was copied, are granted ranges
// that do not meet, by a row that is locked: so no id is made twice, whatever the clocks say and
// however long one of them slept. Who gets no more because its database is away, or its number is
// another's, makes the ids of the last moments of its range, of which there are millions.
// A range that lies ahead of the clock, since the database's was wrong once, is gone through by what is
// asked for, so that it is known how far it is used up. Thread-safe.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/clock.hpp"

namespace sluice {

class IdClock final : public Clock {
  public:
    // As `clock`, until it is told a range.
    explicit IdClock(const Clock& clock) : clock_(clock) {}

    WallTime now() const override {
        const WallTime time = clock_.now();
        return within(time, time < from_.load() ? ++asked_ : asked_.load());
    }
    // The time that no id is beyond yet.
    WallTime reached() const { return within(clock_.now(), asked_.load()); }
    // Ids of [from, until); later only until when. Before the first id, and from one thread.
    void keep_to(WallTime from, WallTime until) {
        from_ = from;
        until_ = until;
    }
    void keep_until(WallTime until) { until_ = until; }

    // 4096 ids fit into a millisecond: 2 million are left when time has stopped.
    static constexpr std::chrono::milliseconds kept_back{500};

  private:
    // Fewer than fit, as some are passed over.
    static constexpr std::uint64_t ids_in_a_millisecond = 2048;

    WallTime within(WallTime time, std::uint64_t asked) const {
        const WallTime from = from_.load();
        const auto used_up = std::chrono::milliseconds(asked / ids_in_a_millisecond);
        return std::max(from, std::min(std::max(time, from + used_up), until_.load() - kept_back));
    }

    const Clock& clock_;
    mutable std::atomic<std::uint64_t> asked_ = 0;  // while the clock was behind the range
    std::atomic<WallTime> from_ = WallTime::min();
    std::atomic<WallTime> until_ = WallTime::max();
};

}  // namespace sluice
