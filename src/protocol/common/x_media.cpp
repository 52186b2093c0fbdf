#include "protocol/common/x_media.hpp"

#include <algorithm>

namespace sluice::protocol {
namespace {

std::string_view x_state(UploadState state) {
    switch (state) {
        case UploadState::processing:
            return "in_progress";
        case UploadState::ready:
            return "succeeded";
        case UploadState::failed:
            return "failed";
        default:
            return "pending";
    }
}

}  // namespace

void append_processing_info(JsonWriter& json, const UploadStatus& status) {
    const Upload& upload = status.upload;
    json.key("processing_info").begin_object().member("state", x_state(upload.state));
    if (status.check_after) {
        json.member("check_after_secs", status.check_after->count());
    }
    json.member("progress_percent", upload.progress.percent);
    if (upload.failure) {
        json.key("error")
            .begin_object()
            .member("code", upload.failure->code)
            .member("name", upload.failure->name)
            .member("message", upload.failure->message)
            .member("reason", upload.failure->reason)
            .end_object();
    }
    json.end_object();
}

bool shows_processing(const UploadStatus& status) {
    const Family family = family_of(status.upload.category);
    const bool is_synchronous = family == Family::image || family == Family::text;
    return status.upload.state != UploadState::ready || !is_synchronous;
}

std::int64_t expires_after_secs(const Upload& upload, WallTime now) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(upload.expires_at - now).count();
    return std::max<std::int64_t>(left, 0);
}

void append_media_facts(JsonWriter& json, const Upload& upload, WallTime now) {
    json.member("size", upload.total.value);
    if (upload.state != UploadState::failed && upload.expires_at != never) {
        json.member("expires_after_secs", expires_after_secs(upload, now));
    }
    const Family family = family_of(upload.category);
    const bool is_known = upload.state == UploadState::ready;
    if (is_known && family == Family::image) {
        json.key("image")
            .begin_object()
            .member("image_type", upload.content.media_type)
            .member("w", upload.content.width)
            .member("h", upload.content.height)
            .end_object();
    } else if (is_known && family != Family::text) {
        json.key("video")
            .begin_object()
            .member("video_type", upload.content.media_type)
            .end_object();
    }
}

}  // namespace sluice::protocol
