#include "media/ladder.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <ranges>

#include "media/picture_limits.hpp"

namespace sluice {
namespace {

constexpr std::array rungs{
    Rung{1080, 22, 5000, "high", "4.2"},
    Rung{720, 22, 2500, "high", "4.0"},
    Rung{360, 23, 900, "high", "3.1"},
    Rung{180, 25, 300, "main", "3.0"},
};

// A rung that is hardly smaller than the one above helps nobody.
constexpr double share_of_next_max = 0.75;

std::uint32_t even(double side) {
    return std::max(2U, static_cast<std::uint32_t>(std::lround(side / 2)) * 2);
}

// Rounded down where the source itself is odd, so that nothing is larger than the source.
std::uint32_t even_within(double side, std::uint32_t source) {
    const auto rounded = even(side);
    return rounded > source && rounded > 2 ? rounded - 2 : rounded;
}

PixelSize size_on(const Rung& rung, PixelSize displayed) {
    const auto [low, high] = std::minmax(displayed.width, displayed.height);
    const double long_side = std::round(rung.short_side * 16.0 / 9);
    const double scale =
        std::min({1.0, static_cast<double>(rung.short_side) / low, long_side / high});
    return {
        even_within(displayed.width * scale, displayed.width),
        even_within(displayed.height * scale, displayed.height),
    };
}

}  // namespace

std::vector<LadderSize> ladder_for(PixelSize displayed) {
    std::vector<LadderSize> sizes;
    // From below: the source's own size stands on the lowest rung that holds it.
    for (const auto& rung : rungs | std::views::reverse) {
        const auto size = size_on(rung, displayed);
        if (sizes.empty() || area_of(size) > area_of(sizes.back().size)) {
            sizes.push_back({size, rung});
        }
    }
    std::ranges::reverse(sizes);
    std::vector<LadderSize> kept{sizes.front()};
    for (const auto& step : sizes | std::views::drop(1)) {
        const auto above = static_cast<double>(area_of(kept.back().size));
        if (static_cast<double>(area_of(step.size)) <= share_of_next_max * above) {
            kept.push_back(step);
        }
    }
    return kept;
}

}  // namespace sluice
