// The rungs of the bit rate ladder: which sizes a video is offered in, and with which limits each is
// encoded (reference: media-pipeline, section 4). Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "media/category_rules.hpp"

namespace sluice {

struct Rung {
    std::uint32_t short_side;  // pixels; the long side is at most 16/9 of it
    unsigned quality;          // x264's CRF; the rate below caps it
    unsigned rate_max;         // kbit/s
    std::string_view profile;
    std::string_view level;
};

struct LadderSize {
    PixelSize size;  // even sides, never larger than the source
    Rung rung;
};

// Largest first, at least one. `displayed`: upright, with square pixels.
std::vector<LadderSize> ladder_for(PixelSize displayed);

}  // namespace sluice
