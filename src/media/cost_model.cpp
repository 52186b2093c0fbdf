#include "media/cost_model.hpp"

#include <algorithm>
#include <cmath>
#include <locale>
#include <sstream>

namespace sluice {
namespace {

// Start values of section 7; a per host factor corrects them.
constexpr double process_start = 0.12;
constexpr double decode_per_megapixel = 0.007;
constexpr double encode_per_megapixel = 0.016;
constexpr double per_frame = 0.004;
constexpr double audio_per_second = 0.016;

// A 12 megapixel photo with all variants costs about 2 CPU seconds.
constexpr double image_start = 0.06;
constexpr double image_per_megapixel = 0.15;

constexpr double core_yield = 0.9;

// What a file is before anybody looked: phone video of about 6 Mbit/s 1080p30; half a megabyte per
// megapixel of JPEG.
constexpr double typical_video_bytes_per_second = 750'000;
constexpr double typical_image_bytes_per_megapixel = 400'000;
constexpr double typical_gif_bytes_per_megapixel = 250'000;

// Found with bench/harness/check_after.py: larger parts are late more often than they save a question.
constexpr double measured_part = 0.9;
constexpr double predicted_part = 0.75;
constexpr double wait_max = 60;

constexpr double learning_weight = 0.2;
constexpr double factor_log_max = 2.9957;  // ln 20
// A model that predicts otherwise has another number, and learns anew.
constexpr std::string_view text_head = "speeds 1";

double video_cpu_before_probe(double bytes) {
    const double seconds = bytes / typical_video_bytes_per_second;
    return encode_cpu_seconds({
               .megapixels_in = seconds * 30 * 2.07,
               .megapixels_out = seconds * 30 * (2.07 + 0.92 + 0.23 + 0.06),  // the whole ladder
               .frames = seconds * 30,
               .audio_seconds = seconds,
           }) +
           beside_encoding;
}

double gif_cpu_before_probe(double bytes) {
    const double megapixels = bytes / typical_gif_bytes_per_megapixel;
    return encode_cpu_seconds({.megapixels_in = megapixels, .megapixels_out = megapixels});
}

double cpu_before_probe(Family family, double bytes) {
    switch (family) {
        case Family::video:
            return video_cpu_before_probe(bytes);
        case Family::gif:
            return gif_cpu_before_probe(bytes);
        case Family::image:
            return image_cpu_seconds(bytes / typical_image_bytes_per_megapixel);
        case Family::text:
            break;
    }
    return 0;
}

}  // namespace

double encode_cpu_seconds(const EncodeWork& work) {
    // The term per frame only shows where frames are small (below 0.1 megapixels).
    const double pixels =
        decode_per_megapixel * work.megapixels_in + encode_per_megapixel * work.megapixels_out;
    return process_start + std::max(pixels, per_frame * work.frames) +
           audio_per_second * work.audio_seconds;
}

double image_cpu_seconds(double megapixels) {
    return image_start + image_per_megapixel * megapixels;
}

std::chrono::milliseconds wall_of(double cpu_seconds, unsigned cores) {
    const double wall = cpu_seconds / (std::max(cores, 1U) * core_yield);
    return std::chrono::milliseconds{static_cast<std::int64_t>(wall * 1000)};
}

std::chrono::milliseconds wall_expected(Category category, ByteCount size, unsigned cores) {
    const auto family = family_of(category);
    const double cpu = cpu_before_probe(family, static_cast<double>(size.value));
    const auto usable = family == Family::image ? 1U : cores;
    return wall_of(cpu, usable) + wall_of(job_overhead, 1);
}

std::chrono::seconds check_after(std::chrono::milliseconds remaining, bool is_measured) {
    const double part = is_measured ? measured_part : predicted_part;
    const double wait = std::round(part * static_cast<double>(remaining.count()) / 1000);
    return std::chrono::seconds{static_cast<std::int64_t>(std::clamp(wait, 1.0, wait_max))};
}

std::size_t SpeedLearner::row_of(PredictedFrom basis, Family family) {
    return static_cast<std::size_t>(basis) * 4 + static_cast<std::size_t>(family);
}

void SpeedLearner::observe(
    PredictedFrom basis,
    Family family,
    std::chrono::milliseconds predicted,
    std::chrono::milliseconds observed
) {
    if (predicted.count() <= 0 || observed.count() <= 0) {
        return;
    }
    const double ratio =
        static_cast<double>(observed.count()) / static_cast<double>(predicted.count());
    const double seen = std::clamp(std::log(ratio), -factor_log_max, factor_log_max);
    const std::scoped_lock lock(mutex_);
    auto& row = rows_[row_of(basis, family)];
    const double miss = seen - row.log_factor;
    // The first observation tells about the machine, which the model knew nothing of: it weighs
    // half.
    const double weight = row.seen ? learning_weight : 0.5;
    row.log_factor += weight * miss;
    row.log_variance += learning_weight * (miss * miss - row.log_variance);
    row.seen = true;
}

double SpeedLearner::factor(PredictedFrom basis, Family family) const {
    const std::scoped_lock lock(mutex_);
    return std::exp(rows_[row_of(basis, family)].log_factor);
}

double SpeedLearner::spread(PredictedFrom basis, Family family) const {
    const std::scoped_lock lock(mutex_);
    return std::exp(std::sqrt(rows_[row_of(basis, family)].log_variance));
}

std::chrono::milliseconds SpeedLearner::corrected(
    PredictedFrom basis, Family family, std::chrono::milliseconds predicted
) const {
    const double wall = static_cast<double>(predicted.count()) * factor(basis, family);
    return std::chrono::milliseconds{static_cast<std::int64_t>(wall)};
}

std::string SpeedLearner::text() const {
    const std::scoped_lock lock(mutex_);
    std::ostringstream text;
    text.imbue(std::locale::classic());
    text << text_head << '\n';
    for (const Row& row : rows_) {
        text << row.log_factor << ' ' << row.log_variance << ' ' << row.seen << '\n';
    }
    return std::move(text).str();
}

bool SpeedLearner::restore(std::string_view text) {
    std::istringstream lines{std::string(text)};
    lines.imbue(std::locale::classic());
    std::string head;
    std::getline(lines, head);
    std::array<Row, 8> rows;
    for (Row& row : rows) {
        lines >> row.log_factor >> row.log_variance >> row.seen;
        const bool is_sane = std::abs(row.log_factor) <= factor_log_max && row.log_variance >= 0 &&
                             row.log_variance <= factor_log_max * factor_log_max;
        if (!lines || head != text_head || !is_sane) {
            return false;
        }
    }
    const std::scoped_lock lock(mutex_);
    rows_ = rows;
    return true;
}

}  // namespace sluice
