// One line of a cue's text, cleaned for WebVTT: known tags stay, unknown ones go, everything else
// is escaped. And whether bytes are UTF-8 at all. Used by media/subtitles.cpp; pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

enum class SubtitleMarkup : std::uint8_t { srt, vtt };

// Never contains a line end, "-->" or a '<' that begins no known tag.
std::string clean_subtitle_line(std::string_view line, SubtitleMarkup markup);

// Offset of the first byte that is no part of well-formed UTF-8 (RFC 3629); npos if there is none.
std::size_t first_byte_not_utf8(std::string_view bytes);

}  // namespace sluice
