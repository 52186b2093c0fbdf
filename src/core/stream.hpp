// How the bytes of an upload come, if not as numbered segments: as one stream, always at its end; as a
// part that others are joined from; or by joining parts. Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"

namespace sluice {

enum class UploadKind : std::uint8_t {
    segments,  // numbered, in any order, until FINALIZE
    stream,    // at the end; complete when the length is known and reached
    part,      // a stream that is nothing by itself
    joined,    // the bytes of its parts, in their order; shared with them, never copied
};

std::string_view name_of(UploadKind kind);
std::optional<UploadKind> parse_upload_kind(std::string_view text);

struct StreamFacts {
    UploadKind kind = UploadKind::segments;
    // False: `total` is what has come so far.
    bool length_known = true;
    std::vector<MediaId> parts = {};  // of a joined one
    // What the protocol that made it gives back as it came; nobody else reads it.
    std::string told = {};
    bool operator==(const StreamFacts&) const = default;

    bool is_stream() const { return kind == UploadKind::stream || kind == UploadKind::part; }
};

// "12 13"; for stores.
std::string text_of(const std::vector<MediaId>& parts);
std::vector<MediaId> parse_parts(std::string_view text);

}  // namespace sluice
