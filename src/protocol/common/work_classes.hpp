// How much work of each kind the server takes at once. Control: what is small and answered soon
// (STATUS, INIT, FINALIZE, HEAD, lists, pages). Bulk: what moves media (APPEND, uploads in one call,
// delivery). Each has a bound of its own; a full class turns its newest requests away before their
// bodies are read, and the other one goes on. A request has one piece of blocking work on the way at
// most, so these bounds are also those of every queue behind them. Health and metrics are never
// turned away. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <utility>

#include "base/metrics.hpp"
#include "base/result.hpp"
#include "http/request.hpp"

namespace sluice::protocol {

enum class WorkClass : std::uint8_t { control, bulk };

// By the head alone: media is long, or comes by a call that says so. nullopt: not counted.
std::optional<WorkClass> work_class_of(const http::Request& request);

struct WorkBounds {
    std::size_t control = 4096;  // a quarter of them for calls without a body
    std::size_t bulk = 8192;
};

// One class: how many requests are in work, and what becomes of those that are too many.
class WorkGate {
  public:
    using Time = std::chrono::steady_clock::time_point;

    WorkGate(Metrics& metrics, std::string_view name, std::string_view what, std::size_t bound);

    // Counted in if fewer than `bound` are (at most the gate's own). Errors: overloaded, with an
    // honest retry_after.
    Result<void> enter(std::size_t bound, std::optional<Time> now = std::nullopt);
    void leave();
    // As if it had never entered: it will come in once more.
    void take_back();
    std::size_t bound() const { return bound_; }

  private:
    Error refusal(std::size_t bound, Time now);

    const std::string_view name_;
    const std::string_view what_;
    const std::size_t bound_;
    Gauge& running_;
    Counter& shed_;
    std::atomic<std::size_t> count_ = 0;
    std::atomic<std::uint64_t> left_ = 0;
    std::mutex mutex_;  // guards what is below: the last seconds of overload
    Time since_{};
    std::uint64_t left_before_ = 0;
    std::uint64_t turned_away_ = 0;
};

// A place in a class, as long as it lives.
class WorkSlot {
  public:
    WorkSlot() = default;
    WorkSlot(WorkGate& gate, WorkClass of) : gate_(&gate), class_(of) {}
    WorkSlot(WorkSlot&& other) noexcept
        : gate_(std::exchange(other.gate_, nullptr)), class_(other.class_) {}
    WorkSlot& operator=(WorkSlot&& other) noexcept {
        std::swap(gate_, other.gate_);
        std::swap(class_, other.class_);
        return *this;
    }
    WorkSlot(const WorkSlot&) = delete;
    WorkSlot& operator=(const WorkSlot&) = delete;
    ~WorkSlot() {
        if (gate_ != nullptr) {
            gate_->leave();
        }
    }
    // The request is asked again from the start, and enters again.
    void take_back() {
        if (gate_ != nullptr) {
            std::exchange(gate_, nullptr)->take_back();
        }
    }
    bool is(WorkClass of) const { return gate_ != nullptr && class_ == of; }

  private:
    WorkGate* gate_ = nullptr;
    WorkClass class_ = WorkClass::control;
};

class WorkClasses {
  public:
    WorkClasses(const WorkBounds& bounds, Metrics& metrics);

    // Errors: overloaded. The slot of what is not counted is empty.
    Result<WorkSlot> enter(const http::Request& request);
    // A small request turns out to carry media. Errors: overloaded; the slot stays as it was then.
    Result<void> move_to_bulk(WorkSlot& slot);

  private:
    WorkGate control_;
    WorkGate bulk_;
};

}  // namespace sluice::protocol
