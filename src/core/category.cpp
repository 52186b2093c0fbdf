#include "core/category.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.hpp"

namespace sluice {
namespace {

struct Row {
    Category category;
    std::string_view name;
    std::string_view squeezed;  // lower case without '_'
    int key_number;             // reference 4.2
    Family family;
};

constexpr std::array rows{
    Row{Category::tweet_image, "tweet_image", "tweetimage", 3, Family::image},
    Row{Category::tweet_gif, "tweet_gif", "tweetgif", 16, Family::gif},
    Row{Category::tweet_video, "tweet_video", "tweetvideo", 7, Family::video},
    Row{Category::amplify_video, "amplify_video", "amplifyvideo", 13, Family::video},
    Row{Category::dm_image, "dm_image", "dmimage", 5, Family::image},
    Row{Category::dm_gif, "dm_gif", "dmgif", 17, Family::gif},
    Row{Category::dm_video, "dm_video", "dmvideo", 18, Family::video},
    Row{Category::subtitles, "subtitles", "subtitles", 29, Family::text},
};

const Row& row_of(Category category) {
    return rows[static_cast<std::size_t>(category)];
}

constexpr bool alias = true;
constexpr bool beyond_x = true;

constexpr std::array types{
    DeclaredType{"image/jpeg", Family::image, Category::tweet_image},
    DeclaredType{"image/png", Family::image, Category::tweet_image},
    DeclaredType{"image/webp", Family::image, Category::tweet_image},
    DeclaredType{"image/gif", Family::gif, Category::tweet_gif},
    DeclaredType{"image/heic", Family::image, Category::tweet_image, !alias, beyond_x},
    DeclaredType{"image/heif", Family::image, Category::tweet_image, !alias, beyond_x},
    DeclaredType{"image/avif", Family::image, Category::tweet_image, !alias, beyond_x},
    DeclaredType{"image/jpg", Family::image, Category::tweet_image, alias},
    DeclaredType{"image/pjpeg", Family::image, Category::tweet_image, alias},
    DeclaredType{"video/mp4", Family::video, Category::tweet_video},
    DeclaredType{"video/quicktime", Family::video, Category::tweet_video},
    DeclaredType{"video/webm", Family::video, Category::tweet_video},
    DeclaredType{"video/mp2t", Family::video, Category::tweet_video},
    DeclaredType{"text/srt", Family::text, Category::subtitles},
    DeclaredType{"text/vtt", Family::text, Category::subtitles},
    DeclaredType{"application/x-subrip", Family::text, Category::subtitles, alias},
};

const DeclaredType* find_type(std::string_view media_type) {
    const std::string essence = lower_case(essence_of(media_type));
    const auto* found = std::ranges::find(types, essence, &DeclaredType::essence);
    return found == types.end() ? nullptr : found;
}

}  // namespace

std::string_view name_of(Category category) {
    return row_of(category).name;
}

int key_number(Category category) {
    return row_of(category).key_number;
}

Family family_of(Category category) {
    return row_of(category).family;
}

std::optional<Category> parse_category(std::string_view text) {
    std::string squeezed = lower_case(text);
    std::erase(squeezed, '_');
    const auto* found = std::ranges::find(rows, squeezed, &Row::squeezed);
    return found == rows.end() ? std::nullopt : std::optional(found->category);
}

std::span<const DeclaredType> declared_types() {
    return types;
}

bool is_beyond_x(std::string_view media_type) {
    const DeclaredType* row = find_type(media_type);
    return row != nullptr && row->is_beyond_x;
}

std::optional<Category> default_category(std::string_view media_type) {
    const DeclaredType* row = find_type(media_type);
    return row == nullptr ? std::nullopt : std::optional(row->category);
}

std::optional<Family> family_of_type(std::string_view media_type) {
    const DeclaredType* row = find_type(media_type);
    return row == nullptr ? std::nullopt : std::optional(row->family);
}

std::string_view essence_of(std::string_view media_type) {
    return trim(media_type.substr(0, media_type.find_first_of("; ,")));
}

}  // namespace sluice
