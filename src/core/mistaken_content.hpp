// What came in the place of media and plainly is none: the name of a file, the image of a buffer, an
// error page. Only what is beyond doubt is refused: nothing that a medium of any kind could begin
// with, and the caller of these functions leaves out subtitles, which are text. Pure; outside bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.hpp"

namespace sluice {

struct SentContent {
    std::string_view start;    // the first bytes; all of them if there are few
    std::uint64_t length = 0;  // of everything that came in this call
    bool begins_the_file = false;
};

// As many bytes as are worth keeping for this.
inline constexpr std::size_t mistaken_content_bytes = 1024;

// Errors: path_as_media, buffer_as_json, not_media, base64_invalid (a data: URL sent as raw bytes).
std::optional<Error> mistaken_content(const SentContent& sent);

// The same for a text that was to be base64 and is not; nothing if it is just not base64.
std::optional<Error> mistaken_base64(const SentContent& sent);

}  // namespace sluice
