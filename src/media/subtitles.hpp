// Subtitles as text: reads SubRip and WebVTT, and writes a clean WebVTT. Nothing of the input is
// passed on but times, known settings, words and a few known tags. Strict enough that a wrong file
// is named with its line, mild where files in the wild differ (BOM, line ends, a point for the
// comma). Used by the worker; pure, bounded by its input.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

struct SubtitleCue {
    std::chrono::milliseconds begins{0};
    std::chrono::milliseconds ends{0};
    std::string settings;  // "align:start line:10%"; empty in SubRip
    std::string text;      // as a WebVTT cue payload, lines joined by '\n'
    bool operator==(const SubtitleCue&) const = default;
};

struct Subtitles {
    std::string_view media_type;  // "text/srt" or "text/vtt": what the input is
    std::vector<SubtitleCue> cues;
};

// What is wrong first, and in which line (counted from 1).
struct SubtitleFault {
    std::size_t line = 1;
    std::string expected;  // "expected a time line such as …, got …"
};

std::expected<Subtitles, SubtitleFault> read_subtitles(std::string_view bytes);

std::string write_vtt(const Subtitles& subtitles);

// "line 3: expected …"
std::string told(const SubtitleFault& fault);

}  // namespace sluice
