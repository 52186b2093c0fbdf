#include "media/progress_meter.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using Milliseconds = std::chrono::duration<double, std::milli>;

// The mean since the start trails behind; the last five seconds were within 6 % (measured, section
// 7).
constexpr auto speed_window = 5s;
// Before this much is out, the encoder's look-ahead makes every speed look too low: trust the
// model.
constexpr auto media_before_trust = 4s;
constexpr double full_trust_after_ms = 10'000;

double weight_of(const std::vector<Step>& steps) {
    double sum = 0;
    for (const auto& step : steps) {
        sum += step.weight;
    }
    return std::max(sum, 1e-9);
}

}  // namespace

ProgressMeter::ProgressMeter(
    std::vector<Step> steps, std::chrono::milliseconds expected, SteadyTime started
)
    : steps_(std::move(steps)), is_done_(steps_.size()), expected_(expected), started_(started) {
    SLUICE_ASSERT(!steps_.empty());
}

void ProgressMeter::begin(StepKind kind) {
    const auto found = std::ranges::find(steps_, kind, &Step::kind);
    SLUICE_ASSERT(found != steps_.end());
    is_done_[current_] = true;
    current_ = static_cast<std::size_t>(found - steps_.begin());
    is_done_[current_] = false;
    fraction_ = 0;
    length_ = 0ms;
    samples_.clear();
    refresh_percent();
}

void ProgressMeter::measured(
    std::chrono::milliseconds position, std::chrono::milliseconds length, SteadyTime now
) {
    length_ = std::max(length, 1ms);
    fraction_ = std::clamp(Milliseconds(position) / Milliseconds(length_), 0.0, 1.0);
    samples_.push_back({now, position});
    while (samples_.size() > 2 && now - samples_[1].at >= speed_window) {
        samples_.pop_front();
    }
    refresh_percent();
}

std::chrono::milliseconds ProgressMeter::remaining(SteadyTime now) const {
    const double expected = Milliseconds(expected_).count();
    const double predicted_left = expected * (1 - share_done());
    const double measured_left = measured_left_ms();
    if (measured_left < 0) {
        return std::chrono::milliseconds{static_cast<std::int64_t>(predicted_left)};
    }
    const double later = expected * (1 - share_done()) -
                         expected * (1 - fraction_) * steps_[current_].weight / weight_of(steps_);
    const double trust = std::min(1.0, Milliseconds(now - started_).count() / full_trust_after_ms);
    const double left =
        (1 - trust) * predicted_left + trust * (measured_left + std::max(0.0, later));
    return std::chrono::milliseconds{static_cast<std::int64_t>(left)};
}

double ProgressMeter::share_done() const {
    double done = fraction_ * steps_[current_].weight;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
        done += is_done_[i] ? steps_[i].weight : 0;
    }
    return done / weight_of(steps_);
}

void ProgressMeter::refresh_percent() {
    const auto now = static_cast<int>(100 * share_done());
    percent_ = std::clamp(now, percent_, 99);
}

double ProgressMeter::measured_left_ms() const {
    if (samples_.size() < 2 || samples_.back().position < media_before_trust) {
        return -1;
    }
    const auto& first = samples_.front();
    const auto& last = samples_.back();
    const double walked = Milliseconds(last.position - first.position).count();
    const double took = Milliseconds(last.at - first.at).count();
    if (walked <= 0 || took <= 0) {
        return -1;
    }
    return Milliseconds(length_ - last.position).count() * took / walked;
}

}  // namespace sluice
