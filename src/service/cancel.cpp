#include "base/metrics.hpp"
#include "service/uploads.hpp"

namespace sluice {
namespace {

void stop_job(const UploadServices& services, const Upload& before, const Upload& after) {
    const bool had_job =
        before.state == UploadState::queued || before.state == UploadState::processing;
    if (had_job && after.is_over() && services.job_cancelled) {
        services.job_cancelled(after.id);
    }
}

}  // namespace

// A worker may move the upload on between the look and the change: look again, a bounded number of times.
Result<Upload> Uploads::change_to(
    const Principal& owner, MediaId id, Result<Upload> (Upload::*transition)(WallTime) const
) {
    constexpr int tries = 5;
    Error last{.code = ErrorCode::store_conflict, .media_id = id.value};
    for (int i = 0; i < tries; ++i) {
        auto found = services_.metadata.find(owner, id);
        if (!found) {
            return refused(owner, std::move(found).error(), id);
        }
        auto next = ((*found).*transition)(now());
        if (!next) {
            return next;
        }
        auto changed = services_.metadata.change(*next, found->state, std::nullopt);
        if (changed) {
            stop_job(services_, *found, *next);
            return next;
        }
        last = refused(owner, std::move(changed).error(), id);
        if (last.code != ErrorCode::store_conflict) {
            break;
        }
    }
    return last;
}

void Uploads::drop_detached(const std::vector<SubtitleTrack>& tracks) {
    for (const SubtitleTrack& track : tracks) {
        const auto are_attached = services_.attachments.are_attached(track.subtitles);
        if (!are_attached || *are_attached) {
            continue;
        }
        if (auto found = services_.metadata.find_any(track.subtitles)) {
            // Gone already, or a store in trouble: they are only left over.
            static_cast<void>(change_to(found->upload.owner, track.subtitles, &Upload::cancelled));
        }
    }
}

Result<Upload> Uploads::keep(const Principal& owner, MediaId id) {
    return change_to(owner, id, &Upload::kept);
}

Result<void> Uploads::keep_all(const std::vector<MediaId>& ids) {
    auto kept = services_.metadata.keep_all(ids, now());
    if (kept || kept.error().code != ErrorCode::store_conflict) {
        return kept;
    }
    const auto found = services_.metadata.find_any(MediaId{kept.error().media_id});
    return found ? gone(found->upload) : found.error();
}

Result<Upload> Uploads::cancel(const Principal& owner, MediaId id) {
    auto cancelled = change_to(owner, id, &Upload::cancelled);
    if (cancelled) {
        services_.metrics
            .counter("sluice_uploads_ended_total", "Uploads ended", {{"result", "cancelled"}})
            .add();
    }
    return cancelled;
}

}  // namespace sluice
