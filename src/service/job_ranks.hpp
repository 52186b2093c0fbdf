// JobRanks: before whom a new job runs in its lane. A rank is a moment, set once: short jobs get an
// earlier one than long ones, what comes later a later one, so the long are passed by for a while and
// never for ever; and each job of a principal that has much waiting counts from where the one before
// it would end, so that nobody's hundred files stand before another's one. In memory alone and
// bounded: what is forgotten costs fairness for a while, nothing else. Thread-safe.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "core/job.hpp"
#include "core/principal.hpp"

namespace sluice {

class JobRanks {
  public:
    // A job lets those pass that come within so many times its cost and are shorter.
    static constexpr int patience = 4;
    static constexpr std::size_t principals_max = 10'000;

    WallTime rank_of(
        const Principal& owner, Lane lane, std::chrono::milliseconds cost, WallTime now
    ) {
        const std::scoped_lock lock(mutex_);
        if (turns_.size() >= principals_max) {
            std::erase_if(turns_, [now](const auto& turn) { return turn.second <= now; });
        }
        if (turns_.size() >= principals_max) {
            turns_.clear();
        }
        WallTime& turn = turns_[{owner.id, lane}];
        // A clock that was set back must not leave a principal behind for as long.
        const WallTime begins = std::clamp(turn, now, now + turn_max);
        turn = begins + cost;
        return begins + patience * cost;
    }

  private:
    static constexpr std::chrono::hours turn_max{1};

    std::mutex mutex_;  // guards turns_
    std::map<std::pair<std::string, Lane>, WallTime> turns_;
};

}  // namespace sluice
