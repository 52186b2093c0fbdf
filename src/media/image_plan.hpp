// What is made from an image, decided from its header alone (reference: media-pipeline, section 4).
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "media/plan.hpp"

namespace sluice {

// One picture made from the image.
struct ImageVariant {
    std::string name;        // "medium", without an ending
    std::uint32_t side_max;  // neither side is longer
    bool cropped = false;    // to a square of side_max
    bool with_avif = false;  // as AVIF too
};

struct ImagePlan {
    std::vector<ImageVariant> variants;  // largest first; each may be made from the one before
    bool keeps_alpha = false;            // png instead of jpg, if any of it is transparent
    std::uint32_t shrink_on_load =
        1;  // what the JPEG loader may divide the sides by without losing the largest variant
    std::vector<Step> steps;
    double cpu_seconds = 0;
};

Processed<ImagePlan> plan_image(
    const CategoryRule& rule, const ImageProbe& probe, bool with_avif = false
);

}  // namespace sluice
