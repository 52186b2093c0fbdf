#include "protocol/common/x_media.hpp"

#include <algorithm>

#include "base/error_catalogue.hpp"
#include "media/failure_rows.hpp"
#include "media/x_limits.hpp"
#include "protocol/common/x_synchronous.hpp"

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

std::string page_of(ErrorCode code, std::string_view base_url) {
    return std::string(base_url) + "/docs/errors/" + std::string(entry_of(code).slug);
}

// As X sends it: its number, its name, and its text if it has one.
void append_x_error(JsonWriter& json, const ProcessingFailure& failure) {
    json.key("error")
        .begin_object()
        .member("code", failure_row_of(failure.reason).x_code)
        .member("name", x_name_of(failure));
    if (const std::string text = x_text_of(failure); !text.empty()) {
        json.member("message", text);
    }
    json.end_object();
}

void append_error(JsonWriter& json, const Upload& upload, std::string_view base_url) {
    const ProcessingFailure& failure = *upload.failure;
    const ErrorCode code = code_of(failure, upload.category);
    json.key("error")
        .begin_object()
        .member("code", failure_row_of(failure.reason).x_code)
        .member("name", x_name_of(failure))
        .member("message", whole_text(failure, upload.category))
        .member("reason", failure.reason)
        .key("sluice")
        .begin_object()
        .member("code", entry_of(code).slug)
        .member("detail", failure.message)
        .member("hint", remedy_of(failure, upload.category))
        .member("doc_url", page_of(code, base_url))
        .end_object()
        .end_object();
}

struct ShownNotice {
    ErrorCode code;
    std::string message;
};

// What went well here and would not on X, or is not as it was declared.
std::vector<ShownNotice> notices_of(const Upload& upload) {
    std::vector<ShownNotice> notices;
    constexpr std::uint64_t x_bytes_max = 15 << 20;  // reference 4.1, (none)
    const Family family = family_of(upload.category);
    if (!upload.category_given && family == Family::video) {
        notices.push_back(
            {ErrorCode::category_missing,
             "No media_category was given; taken for " + std::string(name_of(upload.category)) +
                 (upload.total.value > x_bytes_max
                      ? ". X would refuse this file: without a category it takes 15 MB and 30 s."
                      : ". X takes a video without one only up to 15 MB and 30 s.")}
        );
    } else if (!upload.category_given && family == Family::gif) {
        notices.push_back(
            {ErrorCode::category_missing,
             "No media_category was given; taken for " + std::string(name_of(upload.category)) +
                 ". X takes a GIF without one for a picture of at most 5 MB."}
        );
    }
    const auto declared = essence_of(upload.media_type);
    const bool is_another = !upload.content.media_type.empty() && family_of_type(declared) &&
                            declared != upload.content.media_type && declared != "image/jpg" &&
                            declared != "image/pjpeg" && declared != "video/quicktime";
    if (is_another && family != Family::text) {
        notices.push_back(
            {ErrorCode::type_mismatch,
             "Declared " + std::string(declared) + ", found " + upload.content.media_type +
                 "; it was processed as what it is."}
        );
    }
    for (const auto& [reason, sentence] : parse_conversions(upload.content.conversions)) {
        const FailureRow& row = failure_row_of(reason);
        notices.push_back(
            {row.code, std::string(sentence) + " For X itself, " + std::string(row.remedy) + "."}
        );
    }
    return notices;
}

void append_ours(JsonWriter& json, const Upload& upload, std::string_view base_url) {
    const auto notices = notices_of(upload);
    const bool has_step = upload.state == UploadState::processing;
    if (!has_step && notices.empty()) {
        return;
    }
    json.key("sluice").begin_object();
    if (has_step) {
        // A worker has it, and has not told yet what it is at.
        json.member(
            "step", upload.progress.step.empty() ? std::string("probe") : upload.progress.step
        );
    }
    if (!notices.empty()) {
        json.key("notices").begin_array();
        for (const auto& [code, message] : notices) {
            json.begin_object()
                .member("code", entry_of(code).slug)
                .member("message", message)
                .member("doc_url", page_of(code, base_url))
                .end_object();
        }
        json.end_array();
    }
    json.end_object();
}

}  // namespace

void append_processing_info(
    JsonWriter& json, const UploadStatus& status, std::string_view base_url
) {
    const Upload& upload = status.upload;
    json.key("processing_info").begin_object().member("state", x_state(upload.state));
    if (status.check_after) {
        json.member("check_after_secs", status.check_after->count());
    }
    json.member("progress_percent", upload.progress.percent);
    if (upload.failure && status.as_x) {
        append_x_error(json, *upload.failure);
    } else if (upload.failure) {
        append_error(json, upload, base_url);
    }
    if (!status.as_x) {
        append_ours(json, upload, base_url);
    }
    json.end_object();
}

bool shows_processing(const UploadStatus& status) {
    const Family family = family_of(status.upload.category);
    const bool is_synchronous = family == Family::image || family == Family::text ||
                                (status.as_x && is_synchronous_on_x(status.upload));
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

void add_segment_advice(http::Response& response, const Upload& upload) {
    const std::uint64_t least = (upload.total.value + segment_index_max) / (segment_index_max + 1);
    response.set("Sluice-Segment-Min-Bytes", std::to_string(least));
}

}  // namespace sluice::protocol
