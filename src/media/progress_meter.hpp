// How far a job is and how long it will still take, in whole percents of predicted work, from the
// position that ffmpeg reports (reference: media-pipeline, sections 6 and 7). Time is a parameter.
// Belongs to one job; not thread-safe.
#pragma once

#include <chrono>
#include <deque>
#include <vector>

#include "media/plan.hpp"

namespace sluice {

using SteadyTime = std::chrono::steady_clock::time_point;

class ProgressMeter {
  public:
    // `expected`: wall time of all steps, corrected by what was learned.
    ProgressMeter(std::vector<Step> steps, std::chrono::milliseconds expected, SteadyTime started);

    // The step that ran so far is done. Steps come in any order, and one may come again.
    void begin(StepKind kind);
    // Position within the step that runs; `length` is its end.
    void measured(
        std::chrono::milliseconds position, std::chrono::milliseconds length, SteadyTime now
    );

    StepKind step() const { return steps_[current_].kind; }
    // 0..99, never falls.
    int percent() const { return percent_; }
    std::chrono::milliseconds remaining(SteadyTime now) const;

  private:
    struct Sample {
        SteadyTime at;
        std::chrono::milliseconds position;
    };
    double share_done() const;
    void refresh_percent();
    // Wall time left of the running step by the speed of the last five seconds.
    double measured_left_ms() const;

    std::vector<Step> steps_;
    std::vector<bool> is_done_;
    std::chrono::milliseconds expected_;
    SteadyTime started_;
    std::size_t current_ = 0;
    double fraction_ = 0;  // of the running step
    std::chrono::milliseconds length_{0};
    std::deque<Sample> samples_;
    int percent_ = 0;
};

}  // namespace sluice
