// Questions: what this node has asked others and waits for. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>

#include "service/in_flight.hpp"

namespace sluice {

class Questions {
  public:
    // A number for a question that so many are to answer.
    std::uint64_t ask(std::size_t answers);
    // What was answered, when all have or the time is over.
    RunningAppends wait(std::uint64_t number, std::chrono::milliseconds patience);
    void answered(std::uint64_t number, const RunningAppends& running);

  private:
    struct Open {
        std::size_t missing = 0;
        RunningAppends running;
    };

    std::mutex mutex_;  // guards all below
    std::condition_variable changed_;
    std::uint64_t last_ = 0;
    std::map<std::uint64_t, Open> open_;
};

}  // namespace sluice
