#include "media/picture_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sluice {
namespace {

// Limits hold for a portrait picture too, with the sides swapped.
bool fits(PixelSize size, PixelSize limit) {
    const auto [size_low, size_high] = std::minmax(size.width, size.height);
    const auto [limit_low, limit_high] = std::minmax(limit.width, limit.height);
    return size_low <= limit_low && size_high <= limit_high;
}

}  // namespace

std::uint64_t area_of(PixelSize size) {
    return std::uint64_t{size.width} * size.height;
}

std::string size_text(PixelSize size) {
    return fmt::format("{}x{}", size.width, size.height);
}

std::optional<ProcessingFailure> refuse_dimensions(const CategoryRule& rule, PixelSize size) {
    if (fits(size, rule.size_max) && size.width >= rule.size_min.width &&
        size.height >= rule.size_min.height) {
        return std::nullopt;
    }
    return unsupported_media(
        "Dimensions",
        fmt::format(
            "Dimensions {} are not between {} and {}",
            size_text(size),
            size_text(rule.size_min),
            size_text(rule.size_max)
        )
    );
}

PixelSize displayed_size(const PictureStream& picture) {
    const auto aspect_height = std::max(picture.sample_aspect_height, 1U);
    const double stretched = static_cast<double>(picture.size.width) *
                             std::max(picture.sample_aspect_width, 1U) / aspect_height;
    const auto width =
        std::max(1U, static_cast<std::uint32_t>(std::lround(std::min(stretched, 1e6))));
    const bool turned = picture.rotation == 90 || picture.rotation == 270;
    return turned ? PixelSize{picture.size.height, width} : PixelSize{width, picture.size.height};
}

}  // namespace sluice
