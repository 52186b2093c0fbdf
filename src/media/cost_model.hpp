// How long a job will take: from category and size before anything is known, from the plan after
// the probe, corrected by what this machine was seen to need. All figures are wall time on one
// worker slot (reference: media-pipeline, section 7). Used by the use cases (check_after_secs), the
// worker and the pool. Pure, but for SpeedLearner, which is thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "core/category.hpp"

namespace sluice {

// What makes a video expensive, in millions of pixels over all frames.
struct EncodeWork {
    double megapixels_in = 0;
    double megapixels_out = 0;
    double frames = 0;
    double audio_seconds = 0;
};

// CPU seconds of a job's way through scratch folder, publishing and commit.
inline constexpr double job_overhead = 0.15;
// CPU seconds of what a film needs beside its encoding: containers, poster, storyboard, checks.
inline constexpr double beside_encoding = 0.8;

// CPU seconds of one ffmpeg process that decodes and encodes (x264 veryfast) this much.
double encode_cpu_seconds(const EncodeWork& work);
// CPU seconds of an image with all its variants.
double image_cpu_seconds(double megapixels);

// CPU seconds as wall time, if `cores` are there for the job.
std::chrono::milliseconds wall_of(double cpu_seconds, unsigned cores);

// Before the probe: all that is known is the category and the size. Without any learned factor.
std::chrono::milliseconds wall_expected(Category category, ByteCount size, unsigned cores = 1);

// What a client should wait before it asks again, in whole seconds, at least 1: most of what remains,
// so that it is there soon after the end and has asked two or three times. Less of what is only
// predicted: who waits for longer than it took has waited for nothing.
std::chrono::seconds check_after(std::chrono::milliseconds remaining, bool is_measured);

// Two kinds of prediction are wrong in different ways, so each learns its own factor.
enum class PredictedFrom : std::uint8_t { size, plan };

// Running factor observed / predicted per family, a moving average in log space (weight 0.2), and
// its spread.
class SpeedLearner {
  public:
    void observe(
        PredictedFrom basis,
        Family family,
        std::chrono::milliseconds predicted,
        std::chrono::milliseconds observed
    );
    // 1 until something was observed; always within 1/20 and 20.
    double factor(PredictedFrom basis, Family family) const;
    // x/÷ this covers about two jobs of three; 1.8 at first.
    double spread(PredictedFrom basis, Family family) const;
    // What the model says, corrected: p50, for polling.
    std::chrono::milliseconds corrected(
        PredictedFrom basis, Family family, std::chrono::milliseconds predicted
    ) const;

    // All that was learned, a line each, for restore().
    std::string text() const;
    // False, and as before, if the text is none.
    bool restore(std::string_view text);

  private:
    struct Row {
        double log_factor = 0;
        double log_variance = 0.3455;  // (ln 1.8)^2
        bool seen = false;
    };
    static std::size_t row_of(PredictedFrom basis, Family family);

    mutable std::mutex mutex_;
    std::array<Row, 8> rows_;
};

}  // namespace sluice
