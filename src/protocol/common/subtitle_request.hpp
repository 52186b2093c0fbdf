// What calls about subtitles ask for, in v1.1's shape (media_id, subtitle_info.subtitles[]) and in
// v2's (id, subtitles, language_code). Both are read by one function: they differ in names only, and
// clients mix them. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "core/attachments.hpp"
#include "core/category.hpp"

namespace sluice::protocol {

struct SubtitleRequest {
    MediaId video;
    std::optional<Category> category;
    std::vector<SubtitleTrack> tracks;  // for a deletion, with nothing but the language
};

enum class SubtitleCall : bool { create, remove };

// `id_member`: "media_id" or "id", whichever the protocol calls it; the other is taken too. Errors:
// media_id_missing, media_id_invalid, category_unknown, parameter_missing,
// parameter_invalid.
Result<SubtitleRequest> subtitle_request_of(
    const boost::json::object& body, SubtitleCall call, std::string_view id_member
);

}  // namespace sluice::protocol
