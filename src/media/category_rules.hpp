// What each category takes: one row of limits per Category, as data (reference: media-pipeline,
// section 2). The use cases check size and declared type against a row, the plan checks the probe
// against it. No other code names these numbers. Values only; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
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
    std::span<const std::string_view> declared_types;
};

// Every category has a row.
const CategoryRule& rule_of(Category category);

// `essence`: a media type in lower case without parameters (essence_of). An empty or placeholder
// type is the caller's to decide.
bool accepts_type(const CategoryRule& rule, std::string_view essence);

// "video/mp4, video/quicktime, video/webm or video/mp2t"
std::string accepted_types_text(const CategoryRule& rule);

}  // namespace sluice
