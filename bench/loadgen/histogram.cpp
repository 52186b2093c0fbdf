#include "loadgen/histogram.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::bench {
namespace {

constexpr double finest = 16;  // steps to a microsecond

}  // namespace

void Histogram::add(double microseconds) {
    const double scaled = std::max(microseconds * finest, 1.0);
    const int octave = std::ilogb(scaled);
    const double within = scaled / std::ldexp(1.0, octave) - 1.0;
    const std::size_t index = static_cast<std::size_t>(octave) * per_octave +
                              static_cast<std::size_t>(within * per_octave);
    ++counts_[std::min(index, counts_.size() - 1)];
    ++count_;
    sum_ += microseconds;
    max_ = std::max(max_, microseconds);
}

double Histogram::quantile(double share) const {
    const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        seen += counts_[i];
        if (seen >= rank && seen > 0) {
            const double step = 1.0 + (static_cast<double>(i % per_octave) + 1) / per_octave;
            return std::min(std::ldexp(step, static_cast<int>(i / per_octave)) / finest, max_);
        }
    }
    return max_;
}

}  // namespace sluice::bench
