// What each category takes: one row of limits per Category, as data (reference: media-pipeline,
// section 2). The use cases check size and declared type against a row, the plan checks the probe
// against it. No other code names these numbers. Values only; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "core/category.hpp"

namespace sluice {

struct PixelSize {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    bool operator==(const PixelSize&) const = default;
};

struct CategoryRule {
    Category category;
    Family family;
    ByteCount bytes_max;
    // Zero where the family has no duration, no picture or no frames; a zero is never compared.
    std::chrono::milliseconds duration_min{0};
    std::chrono::milliseconds duration_max{0};
    PixelSize
        size_min;  // of the picture as stored; a portrait picture may use the limits transposed
    PixelSize size_max;
    double aspect_min = 0;  // width / height of the displayed picture
    double aspect_max = 0;
    double frame_rate_kept_max = 0;  // faster material is slowed down to this
    double frame_rate_max = 0;       // faster than this is no video
    std::uint32_t frames_max = 0;
    std::uint64_t frame_pixels_max = 0;  // width x height x frames
};

// Every category has a row.
const CategoryRule& rule_of(Category category);

// "video/mp4, video/quicktime, video/webm or video/mp2t"; `as_x`: without what X refuses.
std::string accepted_types_text(const CategoryRule& rule, bool as_x = false);

// The same of all categories.
std::string processed_types_text(bool as_x = false);

}  // namespace sluice
