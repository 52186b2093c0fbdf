// How many connections there may be, over all loops and doors. Near the end idle ones are closed,
// the longest idle first; the last few answer one call without a body each (STATUS, health) and
// refuse the others in words; beyond them a connection is told so and closed. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.hpp"
#include "base/result.hpp"

namespace sluice::http {

class ConnectionBudget : public std::enable_shared_from_this<ConnectionBudget> {
  public:
    enum class Kind : std::uint8_t { usual, last_resort, none };

    // One connection, as long as it lives.
    class Place {
      public:
        Place(std::shared_ptr<ConnectionBudget> budget, Kind kind)
            : budget_(std::move(budget)), kind_(kind) {}
        Place(Place&&) = default;
        Place& operator=(Place&&) = delete;
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place() {
            if (budget_) {
                budget_->leave();
            }
        }
        Kind kind() const { return kind_; }
        // Another one goes for it.
        void make_usual() { kind_ = Kind::usual; }

      private:
        std::shared_ptr<ConnectionBudget> budget_;
        Kind kind_;
    };

    ConnectionBudget(std::size_t max, Metrics& metrics);

    // Every accepted connection; of kind none it is to be turned away.
    Place enter();
    // More than half of the places are taken: slow bodies and readers have to show progress.
    bool is_tight() const { return count_.load(std::memory_order_relaxed) > max_ / 2; }
    // The right to send a head of more than usual_head_bytes_max, of few connections at once, as long
    // as it is held. Null: there are as many.
    std::shared_ptr<const void> enter_long_head();
    // overloaded, for a call with a body on a last resort, for a connection without a place, for one
    // for which the system has no file left, and for a long head.
    enum class Lack : std::uint8_t { usual_place, place, file, long_head };
    Error refusal(Lack lack) const;

    // Asks every loop to close its longest idle connection. The callbacks are added before the doors
    // open, and post to their loop.
    void add_relief(std::function<void()> close_one_idle) {
        relief_.push_back(std::move(close_one_idle));
    }
    void relieve() const;

    void note_idle_closed() { idle_closed_.add(); }
    void note_refused() { refused_.add(); }
    void note_cut() { cut_.add(); }

  private:
    using Ticks = std::chrono::steady_clock::rep;

    void leave();
    std::string facts_of(Lack lack) const;

    const std::size_t max_;
    const std::size_t last_resort_;
    Counter& idle_closed_;
    Counter& refused_;
    Counter& cut_;
    std::vector<std::function<void()>> relief_;
    std::atomic<std::size_t> count_ = 0;
    std::atomic<std::size_t> long_heads_ = 0;
    std::atomic<Ticks> last_left_;
};

}  // namespace sluice::http
