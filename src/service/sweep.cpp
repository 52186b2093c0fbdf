#include "base/do_each.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "service/doubts.hpp"
#include "service/timeline.hpp"
#include "service/uploads.hpp"
#include "service/waiting_joins.hpp"

namespace sluice {
namespace {

// A step is small, so that it never holds the store for long.
constexpr std::uint32_t step = 50;

// Subtitles live as long as their video; a crash may have come between attaching and keeping them.
Result<Upload> moved_on(AttachmentStore& attachments, const Upload& upload, WallTime now) {
    if (family_of(upload.category) == Family::text) {
        const auto attached = attachments.are_attached(upload.id);
        if (!attached) {
            return attached.error();
        }
        if (*attached) {
            return upload.kept_by_another(now);
        }
    }
    return upload.expired(now);
}

Result<void> remove_bytes(const UploadServices& services, MediaId id) {
    const auto extents = services.metadata.extents_of(id);
    if (!extents) {
        return extents.error();
    }
    return do_each(*extents, [&](const Extent& extent) -> Result<void> {
        const auto is_held = services.metadata.is_held_elsewhere(id, extent);
        if (!is_held) {
            return is_held.error();
        }
        // Otherwise they go with the last that has them.
        return *is_held ? ok() : services.blobs.remove(extent);
    });
}

}  // namespace

Result<std::uint32_t> Uploads::sweep() {
    std::uint32_t touched = 0;
    if (auto expired = expire_due(touched); !expired) {
        return std::move(expired).error();
    }
    if (auto cleaned = clean_due(touched); !cleaned) {
        return std::move(cleaned).error();
    }
    return touched;
}

Result<void> Uploads::expire_due(std::uint32_t& touched) {
    auto due = services_.metadata.due_for_expiry(now(), step);
    if (!due) {
        return std::move(due).error();
    }
    for (const Upload& upload : *due) {
        const auto next = moved_on(services_.attachments, upload, now());
        if (!next) {
            continue;
        }
        auto changed = services_.metadata.change(*next, upload.state, std::nullopt);
        const bool has_moved = !changed && changed.error().code == ErrorCode::store_conflict;
        if (!changed && !has_moved) {
            return changed;
        }
        if (has_moved || !next->is_over()) {
            continue;  // kept, finished or cancelled meanwhile: it is not this sweep's any more
        }
        services_.metrics
            .counter("sluice_uploads_ended_total", "Uploads ended", {{"result", "expired"}})
            .add();
        ++touched;
        if (next->stream.kind == UploadKind::part) {
            cancel_waiting(services_.metadata, *this, next->owner, next->id);
        }
    }
    return ok();
}

Result<void> Uploads::clean(MediaId id) {
    if (auto removed = remove_bytes(services_, id); !removed) {
        return removed;
    }
    const auto attached = services_.attachments.of(id);
    if (!attached) {
        return attached.error();
    }
    if (auto forgotten = services_.attachments.forget(id); !forgotten) {
        return forgotten;
    }
    drop_detached(attached->subtitles);
    if (services_.timeline != nullptr) {
        if (auto forgotten = services_.timeline->forget(id); !forgotten) {
            return forgotten;
        }
    }
    if (services_.doubts != nullptr) {
        if (auto forgotten = services_.doubts->forget(id); !forgotten) {
            return forgotten;
        }
    }
    return services_.metadata.forget_bytes(id);
}

// What cannot be cleaned yet stands before the others, since it is older: so many more are asked for, until all have been
// looked at; then it is tried again.
Result<void> Uploads::clean_due(std::uint32_t& touched) {
    std::uint32_t tried = 0;
    bool has_more = true;
    while (tried == 0 && has_more) {
        const std::size_t asked = 2 * held_back_.size() + step;
        const auto due = services_.metadata.due_for_cleaning(static_cast<std::uint32_t>(asked));
        if (!due) {
            return due.error();
        }
        has_more = due->size() == asked;
        for (auto id = due->begin(); id != due->end() && tried < step; ++id) {
            if (held_back_.contains(*id)) {
                continue;
            }
            if (in_flight_.count(*id) > 0) {
                held_back_.insert(*id);  // its bytes are still on their way
                continue;
            }
            ++tried;
            const auto cleaned = clean(*id);
            touched += cleaned ? 1U : 0U;
            if (!cleaned) {
                log::warning("clean_failed", cleaned.error().detail, {{"media_id", id->value}});
                held_back_.insert(*id);
                // Of a store that is away the others would hear the same, and each after a while.
                tried = cleaned.error().code == ErrorCode::storage_unavailable ? step : tried;
            }
        }
        has_more = has_more || tried == step;
    }
    if (!has_more) {
        held_back_.clear();
    }
    return ok();
}

}  // namespace sluice
