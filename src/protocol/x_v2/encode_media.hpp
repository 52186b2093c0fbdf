// v2's answers about media that exist: what hangs on them, and look-ups with the fields that were
// asked for (reference 3.4, 3.5).
#pragma once

#include <string>
#include <vector>

#include "http/request.hpp"
#include "http/response.hpp"
#include "protocol/common/media_view.hpp"

namespace sluice::protocol::x_v2 {

http::Response metadata_answer(MediaId id, const Attachments& all);
http::Response subtitles_answer(MediaId video, Category category, const Attachments& all);
http::Response deleted_answer();

// A key of a look-up that nothing was found for.
struct NotFound {
    std::string media_key;
    std::string parameter;  // "media_keys" or "media_key"
};

// `fields`: names of media.fields; media_key and type are always there.
http::Response one_answer(const MediaView& view, const std::vector<std::string>& fields);
http::Response list_answer(
    const std::vector<MediaView>& views,
    const std::vector<NotFound>& missing,
    const std::vector<std::string>& fields
);
// Views and clicks are nobody's business here.
http::Response no_analytics();

}  // namespace sluice::protocol::x_v2
