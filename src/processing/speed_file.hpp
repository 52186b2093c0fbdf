// What this machine was seen to need, kept over a restart: a small file beside the data, written now
// and then while something is learned. Losing it costs some bad predictions. Thread-safe, blocking.
#pragma once

#include <chrono>
#include <mutex>
#include <string>

#include "media/cost_model.hpp"

namespace sluice {

class SpeedFile {
  public:
    // No path: nothing is kept.
    SpeedFile(std::string path, SpeedLearner& speed) : path_(std::move(path)), speed_(speed) {}

    // What cannot be read is as if nothing had been learned.
    void load();
    // Unless it was just written.
    void save_now_and_then();
    void save();

  private:
    static constexpr std::chrono::seconds pause{10};

    const std::string path_;
    SpeedLearner& speed_;
    std::mutex mutex_;  // guards the file and what is below
    std::chrono::steady_clock::time_point saved_at_{};
};

}  // namespace sluice
