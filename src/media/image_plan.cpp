#include "media/image_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "media/picture_limits.hpp"

namespace sluice {
namespace {

struct VariantRow {
    std::string_view name;
    std::uint32_t side;
    bool cropped;
};
constexpr std::array variant_rows{
    VariantRow{"large", 2048, false},
    VariantRow{"medium", 1200, false},
    VariantRow{"small", 680, false},
    VariantRow{"thumb", 150, true},
};

// libjpeg needs about 6 bytes a pixel for these, all at once.
constexpr std::uint64_t progressive_pixels_max = 40'000'000;

std::uint32_t shrink_for(const ImageProbe& probe) {
    const auto longest = std::max(probe.picture.width, probe.picture.height);
    std::uint32_t shrink = 1;
    while (probe.container == Container::jpeg && shrink < 8 &&
           longest / (shrink * 2) >= variant_rows.front().side) {
        shrink *= 2;
    }
    return shrink;
}

std::vector<ImageVariant> variants_for(PixelSize size) {
    const auto longest = std::max(size.width, size.height);
    std::vector<ImageVariant> variants;
    for (const auto& row : variant_rows) {
        // Never upscaled: the largest carries the source's size, the others are left out.
        if (row.cropped || variants.empty() || row.side < longest) {
            variants.push_back({std::string(row.name), row.side, row.cropped});
        }
    }
    return variants;
}

}  // namespace

Processed<ImagePlan> plan_image(const CategoryRule& rule, const ImageProbe& probe) {
    if (auto refused = refuse_dimensions(rule, probe.picture)) {
        return std::unexpected(*std::move(refused));
    }
    if (probe.progressive && area_of(probe.picture) > progressive_pixels_max) {
        return std::unexpected(unsupported_media(
            "Dimensions",
            fmt::format(
                "a progressive JPEG of {} exceeds {} million pixels",
                size_text(probe.picture),
                progressive_pixels_max / 1'000'000
            )
        ));
    }
    const double cpu = image_cpu_seconds(static_cast<double>(area_of(probe.picture)) / 1e6);
    std::vector<Step> steps{
        {StepKind::probe, 0.1 * cpu},
        {StepKind::resize, 0.8 * cpu},
        {StepKind::publish, 0.1 * cpu},
    };
    return ImagePlan{
        .variants = variants_for(probe.picture),
        .keeps_alpha = probe.has_alpha,
        .shrink_on_load = shrink_for(probe),
        .steps = std::move(steps),
        .cpu_seconds = cpu,
    };
}

}  // namespace sluice
