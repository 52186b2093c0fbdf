// What a medium is for, and what it is made of. The words are X's (reference: media categories);
// limits per category are rows in media/category_rules.hpp. Values only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sluice {

enum class Category : std::uint8_t {
    tweet_image,
    tweet_gif,
    tweet_video,
    amplify_video,
    dm_image,
    dm_gif,
    dm_video,
    subtitles,
};

enum class Family : std::uint8_t { image, gif, video, text };

// snake_case name, as in "tweet_video".
std::string_view name_of(Category category);

// The number before the '_' of a media key (7 for tweet_video).
int key_number(Category category);

Family family_of(Category category);

// Accepts every spelling met in the wild: tweet_video, TweetVideo, TWEET_VIDEO, tweetvideo.
std::optional<Category> parse_category(std::string_view text);

// A type that may be declared, and what it stands for: the one list of them.
struct DeclaredType {
    std::string_view essence;
    Family family;
    Category category;         // if the caller names none
    bool is_alias = false;     // a spelling that clients send; not named in lists
    bool is_beyond_x = false;  // X refuses it
};
std::span<const DeclaredType> declared_types();

// False for what nobody processes.
bool is_beyond_x(std::string_view media_type);

// The category that a type gets when the caller names none; nothing for a type that nobody
// processes.
std::optional<Category> default_category(std::string_view media_type);

// The family that a declared type claims; nothing if the type is a placeholder or unknown.
std::optional<Family> family_of_type(std::string_view media_type);

// A declared type without parameters, in lower case: "text/plain; charset=UTF-8" is "text/plain".
std::string_view essence_of(std::string_view media_type);

}  // namespace sluice
