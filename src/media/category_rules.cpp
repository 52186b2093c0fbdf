#include "media/category_rules.hpp"

#include <array>
#include <vector>

#include "base/assert.hpp"

namespace sluice {
namespace {

using namespace literals;
using namespace std::chrono_literals;

constexpr CategoryRule image_rule(Category category) {
    return {
        .category = category,
        .family = Family::image,
        .bytes_max = 5_MiB,
        .size_min = {4, 4},
        .size_max = {8192, 8192},
    };
}

constexpr CategoryRule gif_rule(Category category) {
    return {
        .category = category,
        .family = Family::gif,
        .bytes_max = 15_MiB,
        .duration_max = 60s,
        .size_min = {4, 4},
        .size_max = {1280, 1080},
        .frame_rate_kept_max = 50,
        .frames_max = 350,
        .frame_pixels_max = 300'000'000,
    };
}

constexpr CategoryRule video_rule(
    Category category, ByteCount bytes_max, std::chrono::seconds duration_max
) {
    return {
        .category = category,
        .family = Family::video,
        .bytes_max = bytes_max,
        .duration_min = 500ms,
        .duration_max = duration_max,
        .size_min = {32, 32},
        .size_max = {4096, 2304},
        .aspect_min = 1.0 / 3,
        .aspect_max = 3,
        .frame_rate_kept_max = 60,
        .frame_rate_max = 240,
    };
}

constexpr CategoryRule subtitle_rule{
    .category = Category::subtitles,
    .family = Family::text,
    .bytes_max = 2_MiB,
};

// In the order of the enum.
constexpr std::array rules{
    image_rule(Category::tweet_image),
    gif_rule(Category::tweet_gif),
    video_rule(Category::tweet_video, 8_GiB, 1200s),
    video_rule(Category::amplify_video, 8_GiB, 1200s),
    image_rule(Category::dm_image),
    gif_rule(Category::dm_gif),
    video_rule(Category::dm_video, 512_MiB, 140s),
    subtitle_rule,
};

consteval bool every_row_is_at_its_place() {
    for (std::size_t i = 0; i < rules.size(); ++i) {
        if (static_cast<std::size_t>(rules[i].category) != i) {
            return false;
        }
    }
    return rules.size() == static_cast<std::size_t>(Category::subtitles) + 1;
}
static_assert(every_row_is_at_its_place());

template <class Wanted>
std::string list_of_types(bool as_x, Wanted wanted) {
    std::vector<std::string_view> names;
    for (const auto& type : declared_types()) {
        if (!type.is_alias && !(as_x && type.is_beyond_x) && wanted(type)) {
            names.push_back(type.essence);
        }
    }
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0) {
            text += i + 1 == names.size() ? " or " : ", ";
        }
        text += names[i];
    }
    return text;
}

}  // namespace

const CategoryRule& rule_of(Category category) {
    const auto row = static_cast<std::size_t>(category);
    SLUICE_ASSERT(row < rules.size());
    return rules[row];
}

std::string accepted_types_text(const CategoryRule& rule, bool as_x) {
    return list_of_types(as_x, [&rule](const DeclaredType& type) {
        const bool is_still = rule.family == Family::image && type.family == Family::gif;
        return type.family == rule.family || is_still;
    });
}

std::string processed_types_text(bool as_x) {
    return list_of_types(as_x, [](const DeclaredType&) { return true; });
}

}  // namespace sluice
