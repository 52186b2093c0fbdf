// What hangs on an upload besides its bytes: the words and rights that a caller adds, and the uses
// that were made of it. It goes with the upload's life. Values.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "core/principal.hpp"

namespace sluice {

// Subtitles of a video: themselves an upload, of category subtitles.
struct SubtitleTrack {
    MediaId subtitles;
    std::string language;  // in upper case, as X writes it: "EN", "PT-BR"; unique within a video
    std::string display_name;
    bool operator==(const SubtitleTrack&) const = default;
};

// Something that uses the media: a post, a message. A claimed upload does not expire.
struct MediaClaim {
    std::string used_by;  // "post:1349…" or "message:1349…"
    WallTime at;
    bool operator==(const MediaClaim&) const = default;
};

struct Attachments {
    std::map<std::string, std::string> metadata;  // X's member -> its value as checked JSON
    std::vector<SubtitleTrack> subtitles;         // by language
    std::vector<Principal> additional_owners;     // who may look up and use it, but not change it
    bool is_shared = false;                       // a direct message's media may be used again
    std::vector<MediaClaim> claims;               // oldest first
    bool operator==(const Attachments&) const = default;
};

}  // namespace sluice
