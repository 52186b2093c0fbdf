// Something that processing made from an upload, stored as a blob and served under the media key.
// Value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "core/segment.hpp"

namespace sluice {

// What an output is good for.
enum class OutputRole : std::uint8_t {
    rendition,   // the whole medium, playable on its own
    picture,     // an image in one size
    poster,      // a picture that stands for a video
    playlist,    // HLS: where a player begins
    track,       // HLS: what a playlist refers to, of no use alone
    storyboard,  // small pictures for a seek bar, and their times
    captions,    // cleaned subtitles
};

std::string_view name_of(OutputRole role);
std::optional<OutputRole> parse_output_role(std::string_view text);

// Whether files of this role are of this type. None of these runs in a browser.
bool may_have_type(OutputRole role, std::string_view content_type);

// Whether a name may become a file name and the last part of a URL.
bool is_output_name(std::string_view name);

struct Output {
    std::string name;          // last part of the URL: [a-z0-9_.-]+, unique within the upload
    std::string content_type;  // ours, never the upload's claim
    Extent extent;
    std::uint32_t width = 0;  // pixels, 0 where it has no meaning
    std::uint32_t height = 0;
    std::uint64_t duration_ms = 0;
    OutputRole role = OutputRole::rendition;
    bool is_copied = false;     // the source's own packets, not encoded again
    std::string placeholder{};  // ThumbHash in base64, of a picture that stands for the whole
    std::optional<WallTime> made_at{};  // when it was published; nothing of rows from before that
    std::optional<std::uint32_t> crc32c{};  // of its bytes; nothing of rows from before that
    bool operator==(const Output&) const = default;
};

}  // namespace sluice
