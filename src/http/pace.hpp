// Two rules for clients that move their bytes slowly: which progress is asked for while room is short, and how
// long what is left of a refused body is read and dropped. Used by connections and their bodies, on their loop.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "http/connection_budget.hpp"
#include "http/connection_limits.hpp"

namespace sluice::http {

// Of one direction. Only the time for which the client was waited for counts, and only when others need
// the room.
class Pace {
  public:
    using Duration = std::chrono::steady_clock::duration;

    struct TooSlow {
        std::uint64_t bytes;  // that moved,
        Duration span;        // while so long was waited
    };

    // Both outlive it.
    Pace(const ConnectionLimits& limits, const ConnectionBudget& budget)
        : limits_(limits), budget_(budget) {}
    const ConnectionLimits& limits() const { return limits_; }
    // After each wait; `moved`: in all.
    std::optional<TooSlow> judge(Duration waited, std::uint64_t moved);

  private:
    const ConnectionLimits& limits_;
    const ConnectionBudget& budget_;
    Duration waited_{0};              // in this span
    std::uint64_t moved_before_ = 0;  // this span
};

// Begins when the answer has gone.
class Lingering {
  public:
    // `received`: by the connection, in all; here and below. `is_brief`: one span is all it gets, where room or time is
    // wanted by others.
    Lingering(const ConnectionLimits& limits, std::uint64_t received, bool is_brief);
    // For the next wait. 0: it is over.
    std::chrono::milliseconds time_left(std::uint64_t received);
    std::uint64_t bytes_left(std::uint64_t received) const;

  private:
    using Time = std::chrono::steady_clock::time_point;

    const ConnectionLimits& limits_;
    const std::uint64_t received_first_;
    const Time ends_;
    Time span_ends_;
    std::uint64_t received_before_;  // this span
};

}  // namespace sluice::http
