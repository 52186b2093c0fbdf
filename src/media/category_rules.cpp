#include "media/category_rules.hpp"

#include <algorithm>
#include <array>

#include "base/assert.hpp"

namespace sluice {
namespace {

using namespace literals;
using namespace std::chrono_literals;

constexpr std::array<std::string_view, 4> video_types{
    "video/mp4", "video/quicktime", "video/webm", "video/mp2t"
};
// image/jpg and image/pjpeg are misspellings of image/jpeg that clients send.
constexpr std::array<std::string_view, 6> image_types{
    "image/jpeg", "image/png", "image/webp", "image/gif", "image/jpg", "image/pjpeg"
};
constexpr std::array<std::string_view, 1> gif_types{"image/gif"};
constexpr std::array<std::string_view, 3> subtitle_types{
    "text/srt", "text/vtt", "application/x-subrip"
};

constexpr CategoryRule image_rule(Category category) {
    return {
        .category = category,
        .family = Family::image,
        .bytes_max = 5_MiB,
        .size_min = {4, 4},
        .size_max = {8192, 8192},
        .declared_types = image_types,
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
        .declared_types = gif_types,
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
        .declared_types = video_types,
    };
}

constexpr CategoryRule subtitle_rule{
    .category = Category::subtitles,
    .family = Family::text,
    .bytes_max = 2_MiB,
    .declared_types = subtitle_types,
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

}  // namespace

const CategoryRule& rule_of(Category category) {
    const auto row = static_cast<std::size_t>(category);
    SLUICE_ASSERT(row < rules.size());
    return rules[row];
}

bool accepts_type(const CategoryRule& rule, std::string_view essence) {
    return std::ranges::find(rule.declared_types, essence) != rule.declared_types.end();
}

std::string accepted_types_text(const CategoryRule& rule) {
    std::string text;
    const auto& types = rule.declared_types;
    for (std::size_t i = 0; i < types.size(); ++i) {
        if (i > 0) {
            text += i + 1 == types.size() ? " or " : ", ";
        }
        text += types[i];
    }
    return text;
}

}  // namespace sluice
