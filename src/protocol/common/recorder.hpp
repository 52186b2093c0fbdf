// The request inspector's memory: the last exchanges, in a ring that is bounded by count and bytes.
// Router writes, the native API reads. Nothing is written to disk. Thread-safe; the lock is held for
// a push or for copying pointers only.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "http/response.hpp"
#include "protocol/common/inspector_mode.hpp"
#include "protocol/common/recorded_exchange.hpp"

namespace sluice::protocol {

struct RingBounds {
    std::size_t exchanges_max = 1000;
    std::size_t bytes_max = 64 << 20;
};

using Recorded = std::shared_ptr<const RecordedExchange>;  // readers keep what the ring drops

class Recorder {
  public:
    explicit Recorder(InspectorMode mode, RingBounds bounds = {}) : mode_(mode), bounds_(bounds) {}

    InspectorMode mode() const { return mode_; }
    // Not what looks at the inspector itself, nor probes of health.
    bool records(std::string_view path) const;

    struct Times {
        std::chrono::steady_clock::duration took{0};
        WallTime ended;
        std::uint64_t body_bytes = 0;
    };
    // Takes the parts out of the exchange.
    void record(Exchange& exchange, const http::Response& response, const Times& times);

    // Newest first.
    std::vector<Recorded> all() const;
    // The newest of this id, of `owner` if one is named; null. Clients choose ids, so several may
    // have the same.
    Recorded find(std::string_view id, const Principal* owner = nullptr) const;

  private:
    void fill(
        RecordedExchange& made,
        Exchange& exchange,
        const http::Response& response,
        const Times& times
    ) const;
    // What the ring drops goes to `spare`, if that is empty and nobody else has it.
    void push(std::shared_ptr<RecordedExchange> made, std::shared_ptr<RecordedExchange>& spare);

    const InspectorMode mode_;
    const RingBounds bounds_;
    mutable std::mutex mutex_;  // guards what is below
    std::deque<std::shared_ptr<RecordedExchange>> ring_;
    std::size_t bytes_ = 0;
    std::uint64_t last_number_ = 0;
};

}  // namespace sluice::protocol
