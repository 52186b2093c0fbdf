// The media type of a file by its extension, and the category that X would want for it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::client {

// Nothing for an extension that is not known: the user must say --type.
std::optional<std::string> media_type_of(std::string_view path);

// video/* tweet_video, image/gif tweet_gif, other image/* tweet_image, text/srt and text/vtt
// subtitles; else nothing.
std::optional<std::string> category_of(std::string_view media_type);

}  // namespace sluice::client
