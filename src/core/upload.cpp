#include "core/upload.hpp"

#include <algorithm>
#include <array>

#include "core/shortfall.hpp"

namespace sluice {
namespace {

constexpr std::array<std::string_view, 8> state_names{
    "open",
    "sealed",
    "queued",
    "processing",
    "ready",
    "failed",
    "cancelled",
    "expired",
};

Error about(const Upload& upload, ErrorCode code, std::string facts) {
    return {.code = code, .facts = std::move(facts), .media_id = upload.id.value};
}

Error expired_error(const Upload& upload) {
    const auto lifetime =
        std::chrono::duration_cast<std::chrono::seconds>(upload.expires_at - upload.created_at);
    return about(
        upload,
        ErrorCode::media_expired,
        "It expired at " + rfc3339(upload.expires_at) + ", " + std::to_string(lifetime.count()) +
            " seconds after " +
            (upload.stream.kind == UploadKind::segments ? "INIT; " : "its creation; ") +
            std::to_string(upload.received.value) + " of " + std::to_string(upload.total.value) +
            " bytes had arrived."
    );
}

// "FINALIZE came at …"; what came in one call was never finalized.
std::string sealed_text(const Upload& upload) {
    if (upload.one_shot) {
        return "It was uploaded in one call at " + rfc3339(upload.created_at);
    }
    return upload.finalized_at ? "FINALIZE came at " + rfc3339(*upload.finalized_at)
                               : std::string("It was finalized");
}

// Why an upload that is not open takes nothing more.
Error not_open(const Upload& upload) {
    switch (upload.state) {
        case UploadState::expired:
            return expired_error(upload);
        case UploadState::cancelled:
            return about(
                upload,
                ErrorCode::media_canceled,
                "It was cancelled at " + rfc3339(upload.changed_at) + "."
            );
        default:
            return about(
                upload,
                ErrorCode::already_finalized,
                sealed_text(upload) + ", with " + std::to_string(upload.total.value) +
                    " bytes; it is " + std::string(name_of(upload.state)) + " since " +
                    rfc3339(upload.changed_at) +
                    ". It takes no more segments, but one that repeats the stored bytes."
            );
    }
}

Error not_in(const Upload& upload, std::string_view wanted) {
    return {
        .code = ErrorCode::store_conflict,
        .detail =
            "the upload is " + std::string(name_of(upload.state)) + ", not " + std::string(wanted),
        .media_id = upload.id.value,
    };
}

// Numbered segments are of no use to an upload that comes as one stream.
Error not_by_segments(const Upload& upload) {
    return about(
        upload,
        ErrorCode::not_chunked,
        "It comes as one stream at a URL of its own (tus, or a resumable upload), where " +
            std::to_string(upload.received.value) +
            " bytes have arrived: go on there. It is finished by its last byte."
    );
}

Upload moved(Upload upload, UploadState to, WallTime now) {
    upload.state = to;
    upload.changed_at = now;
    return upload;
}

}  // namespace

Error gone(const Upload& upload) {
    return upload.state == UploadState::cancelled ? not_open(upload) : expired_error(upload);
}

std::string_view name_of(UploadState state) {
    return state_names[static_cast<std::size_t>(state)];
}

std::optional<UploadState> parse_upload_state(std::string_view text) {
    const auto* found = std::ranges::find(state_names, text);
    return found == state_names.end()
               ? std::nullopt
               : std::optional(static_cast<UploadState>(found - state_names.begin()));
}

Upload Upload::open(NewUpload wanted) {
    Upload upload;
    upload.id = wanted.id;
    upload.owner = std::move(wanted.owner);
    upload.category = wanted.category;
    upload.category_given = wanted.category_given;
    upload.media_type = std::move(wanted.media_type);
    upload.file_name = std::move(wanted.file_name);
    upload.protocol = std::move(wanted.protocol);
    upload.total = wanted.total;
    upload.one_shot = wanted.one_shot;
    upload.stream = std::move(wanted.stream);
    upload.created_at = wanted.now;
    upload.changed_at = wanted.now;
    upload.expires_at = wanted.now + wanted.lifetime;
    return upload;
}

Result<void> Upload::admits(SegmentIndex index, ByteCount length, WallTime now) const {
    if (state != UploadState::open) {
        return not_open(*this);
    }
    if (now >= expires_at) {
        return expired_error(*this);
    }
    if (stream.kind != UploadKind::segments) {
        return not_by_segments(*this);
    }
    if (index.value > segment_index_max) {
        return about(
            *this,
            ErrorCode::segment_index_range,
            "segment_index is " + std::to_string(index.value) + ", allowed are 0 to 999; for " +
                std::to_string(total.value) + " bytes the segments must have at least " +
                std::to_string((total.value + segment_index_max) / (segment_index_max + 1)) +
                " bytes."
        );
    }
    if (length > total - received) {
        return about(
            *this,
            ErrorCode::beyond_total_bytes,
            "INIT announced " + std::to_string(total.value) + " bytes, " +
                std::to_string(received.value) + " are there, and this segment brings " +
                std::to_string(length.value) + " more."
        );
    }
    return ok();
}

Result<Upload> Upload::with_segment(const Segment& segment, WallTime now) const {
    if (auto admitted = admits(segment.index, segment.extent.length, now); !admitted) {
        return std::move(admitted).error();
    }
    Upload next = *this;
    next.received += segment.extent.length;
    ++next.segments_received;
    next.changed_at = now;
    return next;
}

Result<Upload> Upload::sealed(const SegmentMap& segments, WallTime now) const {
    if (state != UploadState::open) {
        return not_open(*this);
    }
    if (now >= expires_at) {
        return expired_error(*this);
    }
    if (stream.kind != UploadKind::segments) {
        return not_by_segments(*this);
    }
    const SegmentGaps gaps = gaps_of(segments);
    if (gaps.received.value == 0) {
        return about(
            *this,
            ErrorCode::nothing_appended,
            "0 of " + std::to_string(total.value) + " bytes arrived, in " +
                std::to_string(segments.size()) + " segments." + empty_text(segments)
        );
    }
    if (!gaps.missing.empty()) {
        return about(
            *this,
            ErrorCode::segment_missing,
            gaps_text(segments, gaps, total) + empty_text(segments)
        );
    }
    if (gaps.received != total) {
        return about(
            *this,
            ErrorCode::size_mismatch,
            too_few_text(segments, gaps.received, total) + empty_text(segments)
        );
    }
    Upload next = moved(*this, UploadState::sealed, now);
    next.finalized_at = now;
    return next;
}

Result<Upload> Upload::completed(WallTime now) const {
    const bool is_whole = stream.kind != UploadKind::segments && stream.kind != UploadKind::part &&
                          stream.length_known && received == total;
    if (state != UploadState::open || !is_whole) {
        return not_in(*this, "open, with all of its bytes");
    }
    Upload next = moved(*this, UploadState::sealed, now);
    next.finalized_at = now;
    next.expires_at = never;
    return next;
}

Result<Upload> Upload::queued(WallTime now) const {
    if (state != UploadState::sealed) {
        return not_in(*this, "sealed");
    }
    return moved(*this, UploadState::queued, now);
}

Result<Upload> Upload::claimed(WallTime now) const {
    // From processing too: a lease that ran out is taken over.
    if (state != UploadState::queued && state != UploadState::processing) {
        return not_in(*this, "queued");
    }
    Upload next = moved(*this, UploadState::processing, now);
    ++next.attempts;
    next.progress.ends_at.reset();
    return next;
}

Result<Upload> Upload::released(WallTime now) const {
    if (state != UploadState::processing) {
        return not_in(*this, "processing");
    }
    Upload next = moved(*this, UploadState::queued, now);
    next.progress.ends_at.reset();
    return next;
}

Result<Upload> Upload::with_progress(Progress measured, WallTime now) const {
    if (state != UploadState::processing) {
        return not_in(*this, "processing");
    }
    Upload next = *this;
    measured.percent = std::clamp(measured.percent, progress.percent, 99);
    next.progress = std::move(measured);
    next.changed_at = now;
    return next;
}

Result<Upload> Upload::succeeded(Content found, WallTime now) const {
    if (state != UploadState::processing) {
        return not_in(*this, "processing");
    }
    Upload next = moved(*this, UploadState::ready, now);
    next.progress = {.percent = 100, .ends_at = std::nullopt, .step = ""};
    next.content = std::move(found);
    return next;
}

Upload Upload::without_original() const {
    Upload next = *this;
    next.has_original = false;
    return next;
}

Result<Upload> Upload::failed_with(ProcessingFailure why, WallTime now) const {
    if (state != UploadState::processing) {
        return not_in(*this, "processing");
    }
    Upload next = moved(*this, UploadState::failed, now);
    next.progress.ends_at.reset();
    next.failure = std::move(why);
    return next;
}

Result<Upload> Upload::kept(WallTime now) const {
    return is_due(now) ? expired_error(*this) : kept_by_another(now);
}

Result<Upload> Upload::kept_by_another(WallTime now) const {
    if (is_over()) {
        return not_open(*this);
    }
    Upload next = *this;
    next.expires_at = never;
    next.changed_at = now;
    return next;
}

Result<Upload> Upload::cancelled(WallTime now) const {
    if (is_over()) {
        return not_open(*this);
    }
    if (is_due(now)) {
        return expired_error(*this);
    }
    Upload next = moved(*this, UploadState::cancelled, now);
    next.failure.reset();
    next.progress = {};
    return next;
}

Result<Upload> Upload::expired(WallTime now) const {
    if (!is_due(now)) {
        return not_in(*this, "open, ready or failed, and due");
    }
    Upload next = moved(*this, UploadState::expired, now);
    next.failure.reset();
    next.progress = {};
    return next;
}

bool Upload::is_due(WallTime now) const {
    const bool may_expire =
        state == UploadState::open || state == UploadState::ready || state == UploadState::failed;
    return may_expire && now >= expires_at;
}

bool Upload::is_over() const {
    return state == UploadState::cancelled || state == UploadState::expired;
}

bool Upload::may_have_outputs() const {
    return state == UploadState::ready || state == UploadState::processing ||
           state == UploadState::queued;
}

bool Upload::has_all_bytes() const {
    return state != UploadState::open && !is_over();
}

std::string Upload::media_key() const {
    return std::to_string(key_number(category)) + "_" + id.text();
}

std::optional<MediaId> parse_media_key(std::string_view text) {
    const auto bar = text.find('_');
    const bool has_number =
        bar != std::string_view::npos && bar > 0 && bar <= 2 &&
        text.substr(0, bar).find_first_not_of("0123456789") == std::string_view::npos;
    return has_number ? MediaId::parse(text.substr(bar + 1)) : std::nullopt;
}

}  // namespace sluice
