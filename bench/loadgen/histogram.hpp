// Latencies in microseconds, in log-linear buckets: 128 to a power of two, so a quantile is right
// to within one per cent however many were added.
#pragma once
#include <array>
#include <cstdint>

namespace sluice::bench {

class Histogram {
  public:
    void add(double microseconds);
    std::uint64_t count() const { return count_; }
    double quantile(double share) const;
    double mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }
    double max() const { return max_; }

  private:
    static constexpr std::size_t per_octave = 128;
    static constexpr std::size_t octaves = 40;

    std::array<std::uint64_t, octaves * per_octave> counts_{};
    std::uint64_t count_ = 0;
    double sum_ = 0;
    double max_ = 0;
};

}  // namespace sluice::bench
