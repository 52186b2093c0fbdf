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
    bool cropped = false;
    bool may_be_avif = false;  // the small ones save too little to be made thrice
};
constexpr std::array variant_rows{
    VariantRow{.name = "large", .side = 2048, .may_be_avif = true},
    VariantRow{.name = "medium", .side = 1200, .may_be_avif = true},
    VariantRow{.name = "small", .side = 680},
    VariantRow{.name = "thumb", .side = 150, .cropped = true},
};

// libjpeg needs about 6 bytes a pixel for these, all at once.
constexpr std::uint64_t progressive_pixels_max = 40'000'000;

// Half of what most phones take (4000 or 4032 pixels) lies just below the largest side. The decoder
// halves for less than nothing; decoding the whole and resizing it by 1.97 costs twice of all.
constexpr std::uint32_t side_wanted = 2000;

std::uint32_t shrink_for(const ImageProbe& probe) {
    const auto longest = std::max(probe.picture.width, probe.picture.height);
    std::uint32_t shrink = 1;
    while (probe.container == Container::jpeg && shrink < 8 && longest / (shrink * 2) >= side_wanted
    ) {
        shrink *= 2;
    }
    return shrink;
}

std::vector<ImageVariant> variants_for(PixelSize size, bool with_avif) {
    const auto longest = std::max(size.width, size.height);
    std::vector<ImageVariant> variants;
    for (const auto& row : variant_rows) {
        // Never upscaled: the largest carries the source's size, the others are left out.
        if (row.cropped || variants.empty() || row.side < longest) {
            const bool has_avif = with_avif && row.may_be_avif;
            variants.push_back({std::string(row.name), row.side, row.cropped, has_avif});
        }
    }
    return variants;
}

// Effort 0: 0.21 s for 3.1 megapixels.
constexpr double avif_per_megapixel = 0.07;

double avif_cpu_seconds(const std::vector<ImageVariant>& variants, PixelSize size) {
    double seconds = 0;
    for (const auto& variant : variants) {
        const auto longest = std::max(size.width, size.height);
        const double scale = std::min(1.0, static_cast<double>(variant.side_max) / longest);
        const double megapixels = scale * scale * static_cast<double>(area_of(size)) / 1e6;
        seconds += variant.with_avif ? avif_per_megapixel * megapixels : 0;
    }
    return seconds;
}

}  // namespace

Processed<ImagePlan> plan_image(const CategoryRule& rule, const ImageProbe& probe, bool with_avif) {
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
    auto variants = variants_for(probe.picture, with_avif);
    const double cpu = image_cpu_seconds(static_cast<double>(area_of(probe.picture)) / 1e6) +
                       avif_cpu_seconds(variants, probe.picture);
    std::vector<Step> steps{
        {StepKind::probe, 0.1 * cpu},
        {StepKind::resize, 0.8 * cpu},
        {StepKind::publish, 0.1 * cpu},
    };
    return ImagePlan{
        .variants = std::move(variants),
        .keeps_alpha = probe.has_alpha,
        .shrink_on_load = shrink_for(probe),
        .steps = std::move(steps),
        .cpu_seconds = cpu,
    };
}

}  // namespace sluice
