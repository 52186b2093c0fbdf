// LongQueue: remembers for a moment that so much work lies ahead of a waiting job of a lane that no
// more is told (QueuePosition::cost_told_max, jobs_told_max). Whoever stands behind that job need not count again: while a
// queue is long, FINALIZE after FINALIZE would count the same rows. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "core/job.hpp"

namespace sluice::sqlite {

class LongQueue {
  public:
    using Place = std::pair<std::int64_t, std::int64_t>;  // rank, id

    std::optional<QueuePosition> ahead_of(Place place, WallTime now) {
        const std::scoped_lock lock(mutex_);
        const bool is_fresh = counted_at_ <= now && now - counted_at_ < life;
        return is_fresh && place >= place_ ? counted_ : std::nullopt;
    }

    // What was counted is all that is told.
    void note(Place place, const QueuePosition& counted, WallTime now) {
        const std::scoped_lock lock(mutex_);
        place_ = place;
        counted_ = counted;
        counted_at_ = now;
    }

  private:
    static constexpr std::chrono::milliseconds life{500};

    std::mutex mutex_;  // guards all below
    Place place_;
    std::optional<QueuePosition> counted_;
    WallTime counted_at_;
};

using LongQueues = std::array<LongQueue, 2>;  // by Lane

}  // namespace sluice::sqlite
