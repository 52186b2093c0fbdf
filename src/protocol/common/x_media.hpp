// The members that X's media objects share in v1.1 and v2: a view of an upload's state in X's
// words.
#pragma once

#include <string_view>

#include "base/json_writer.hpp"
#include "http/response.hpp"
#include "service/uploads.hpp"

namespace sluice::protocol {

// processing_info with X's four states; `error` when failed (reference 2.6). What is ours stands in
// its member "sluice": the step, the code and remedy of a failure, notices. `base_url`: of the pages.
void append_processing_info(
    JsonWriter& json, const UploadStatus& status, std::string_view base_url
);

// Whether X's answer to FINALIZE or to a one-shot carries processing_info: not for images and subtitles
// that are ready.
bool shows_processing(const UploadStatus& status);

// Seconds until the id is useless; 0 if that time is over.
std::int64_t expires_after_secs(const Upload& upload, WallTime now);

// size, expires_after_secs, and image{} or video{} once it is known what it is.
void append_media_facts(JsonWriter& json, const Upload& upload, WallTime now);

// The header Sluice-Segment-Min-Bytes of INIT's answer: with smaller segments a thousand indexes are
// not enough.
void add_segment_advice(http::Response& response, const Upload& upload);

}  // namespace sluice::protocol
