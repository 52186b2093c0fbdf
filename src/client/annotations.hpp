// What may be said of a medium besides its bytes: a text for those who cannot see it, and subtitles
// (a file of their own that is uploaded, and then tied to the video). Values.
#pragma once

#include <optional>
#include <string>

namespace sluice::client {

struct SubtitleFile {
    std::string path;
    std::string language = "EN";  // X: two letters, upper case
};

struct Annotations {
    std::string alt_text;  // empty: none
    std::optional<SubtitleFile> subtitles;
};

// "talk.srt" or "talk.srt:de": what follows the last colon is a language if it looks like one.
SubtitleFile parse_subtitle_file(const std::string& text);

}  // namespace sluice::client
