#include "service/doubts.hpp"

#include <algorithm>
#include <string>

#include "base/log.hpp"
#include "base/signal.hpp"
#include "service/segment_check.hpp"
#include "service/timeline.hpp"

namespace sluice {
namespace {

std::string listed(const std::vector<SegmentIndex>& indexes) {
    constexpr std::size_t shown_max = 20;
    std::string text;
    for (std::size_t i = 0; i < indexes.size() && i < shown_max; ++i) {
        text += (i == 0 ? "" : ", ") + std::to_string(indexes[i].value);
    }
    return indexes.size() > shown_max ? text + " …" : text;
}

}  // namespace

Result<void> Doubts::load(std::optional<Scope> to_check) {
    if (to_check) {
        bytes_max_ = to_check->bytes_max;
        auto added = store_.add_open(
            "The machine stopped without notice.", clock_.now(), to_check->uploads_max
        );
        if (!added) {
            return std::move(added).error();
        }
    }
    const auto some = store_.unchecked(1);
    auto finals = store_.finals();
    if (!some || !finals) {
        return some ? finals.error() : some.error();
    }
    has_unchecked_ = !some->empty();
    const std::scoped_lock lock(mutex_);
    for (Doubt& doubt : *finals) {
        finals_.emplace(doubt.upload, std::move(doubt));
    }
    has_finals_ = !finals_.empty();
    return ok();
}

// Want of room says nothing of the disk, and a file that others share nothing of these bytes: that one
// is only checked.
void Doubts::note_lost_sync(MediaId id, const Error& by_store) {
    const Doubt doubt{
        .upload = id,
        .is_final = by_store.code != ErrorCode::storage_full && !by_store.may_be_read_back,
        .facts = by_store.facts,
        .since = clock_.now(),
    };
    log::error(
        "sync_failed", by_store.detail, {{"media_id", id.value}, {"is_final", doubt.is_final}}
    );
    if (auto added = store_.add(doubt); !added) {
        log::error("doubt_not_stored", added.error().detail, {{"media_id", id.value}});
    }
    const std::scoped_lock lock(mutex_);
    if (doubt.is_final) {
        finals_.emplace(id, doubt);
        has_finals_ = true;
    } else {
        has_unchecked_ = true;
    }
}

std::optional<Error> Doubts::refusal_of(MediaId id) const {
    const std::scoped_lock lock(mutex_);
    const auto found = finals_.find(id);
    if (found == finals_.end()) {
        return std::nullopt;
    }
    return Error{
        .code = ErrorCode::storage_failed,
        .facts = "At " + rfc3339(found->second.since) + ": " + found->second.facts +
                 " That is final for this upload: it takes no more bytes and cannot be finalized. "
                 "Begin again with INIT.",
        .media_id = id.value,
    };
}

bool Doubts::may_doubt(MediaId id) const {
    if (has_unchecked()) {
        return true;
    }
    if (!has_finals_) {
        return false;
    }
    const std::scoped_lock lock(mutex_);
    return finals_.contains(id);
}

Doubts::Running::~Running() {
    const std::scoped_lock lock(doubts_.mutex_);
    doubts_.running_.erase(id_);
    doubts_.ended_.notify_all();
}

Result<bool> Doubts::check(MediaId id) {
    if (!has_unchecked()) {
        return false;
    }
    before_blocking();
    std::unique_lock lock(mutex_);
    // Somebody checks it already: what he finds holds for both, and the caller loads it again.
    const bool has_waited = running_.contains(id);
    ended_.wait(lock, [&] { return !running_.contains(id); });
    running_.insert(id);
    lock.unlock();
    const Running running(*this, id);
    auto dropped = compare_with_disk(id);
    return dropped && has_waited ? Result<bool>(true) : std::move(dropped);
}

Result<bool> Doubts::compare_with_disk(MediaId id) {
    auto is_due = store_.is_unchecked(id);
    if (!is_due || !*is_due) {
        return is_due;
    }
    auto found = metadata_.find_any(id);
    if (!found) {
        return std::move(found).error();
    }
    // A sealed one was synced as a whole before it was sealed.
    const bool is_open = found->upload.state == UploadState::open;
    if (!is_open) {
        return settle(*found, {});
    }
    const auto damaged = damaged_segments(blobs_, found->segments);
    if (!damaged) {
        note_unreadable(id, damaged.error());
        return damaged.error();
    }
    return settle(*found, *damaged);
}

void Doubts::note_unreadable(MediaId id, const Error& by_store) {
    const std::scoped_lock lock(mutex_);
    if (unreadable_.insert(id).second) {
        log::error("segment_unreadable", by_store.detail, {{"media_id", id.value}});
    }
}

bool Doubts::is_unreadable(MediaId id) const {
    const std::scoped_lock lock(mutex_);
    return unreadable_.contains(id);
}

Result<bool> Doubts::settle(
    const UploadWithSegments& found, const std::vector<SegmentIndex>& lost
) {
    const MediaId id = found.upload.id;
    if (!lost.empty()) {
        // Cancelled or expired meanwhile: nobody relies on its bytes any more.
        auto dropped = drop(found, lost);
        if (!dropped && dropped.error().code != ErrorCode::store_conflict) {
            return std::move(dropped).error();
        }
    }
    {
        const std::scoped_lock lock(mutex_);
        unreadable_.erase(id);
        ++found_.uploads;
        found_.segments += found.segments.size();
        found_.bytes += found.upload.received.value;
        found_.dropped += lost.size();
    }
    auto settled = store_.settle(id);
    return settled ? Result<bool>(!lost.empty()) : std::move(settled).error();
}

Result<void> Doubts::drop(const UploadWithSegments& found, const std::vector<SegmentIndex>& lost) {
    auto dropped = metadata_.drop_segments(found.upload.id, lost, clock_.now());
    if (dropped) {
        ++drops_;
        tell(found, lost);
        free_shared(blobs_, found.segments, lost);
    }
    return dropped;
}

void Doubts::tell(const UploadWithSegments& found, const std::vector<SegmentIndex>& lost) {
    const Upload& upload = found.upload;
    log::warning(
        "segments_lost",
        "acknowledged bytes are not on the disk; they are reported missing",
        {{"media_id", upload.id.value}, {"segments", listed(lost)}}
    );
    if (timeline_ != nullptr) {
        TimelineEvent event;
        event.at = event.last_at = clock_.now();
        event.call = "recovery";
        event.facts = "Of " + std::to_string(found.segments.size()) + " segments these were not " +
                      "on the disk and are missing now: " + listed(lost) + ".";
        timeline_->note(upload.owner, upload.id, std::move(event));
    }
}

// What the disk could not read once would stop at the same place each time.
Result<std::vector<MediaId>> Doubts::next_to_check(std::uint32_t count_max) {
    std::unique_lock lock(mutex_);
    const auto passed = static_cast<std::uint32_t>(unreadable_.size());
    lock.unlock();
    auto next = store_.unchecked(count_max + passed);
    if (next) {
        std::erase_if(*next, [this](MediaId id) { return is_unreadable(id); });
        next->resize(std::min<std::size_t>(next->size(), count_max));
    }
    return next;
}

Result<std::uint32_t> Doubts::check_next(std::uint32_t count_max) {
    if (!has_unchecked()) {
        return 0U;
    }
    const auto next = next_to_check(count_max);
    if (!next) {
        return next.error();
    }
    for (const MediaId id : *next) {
        if (auto checked = check(id); !checked && !is_unreadable(id)) {
            return checked.error();
        }
    }
    if (found().bytes >= bytes_max_) {
        if (auto settled = store_.settle_all(); !settled) {
            return std::move(settled).error();
        }
    }
    return look_for_more() ? static_cast<std::uint32_t>(next->size()) : 0U;
}

// Whoever adds one from now on says so again.
bool Doubts::look_for_more() {
    has_unchecked_ = false;
    const auto some = store_.unchecked(1);
    has_unchecked_ = !some || !some->empty();
    return has_unchecked_;
}

Doubts::Found Doubts::found() const {
    const std::scoped_lock lock(mutex_);
    return found_;
}

Result<void> Doubts::forget(MediaId id) {
    std::unique_lock lock(mutex_);
    unreadable_.erase(id);
    const bool is_known = finals_.erase(id) > 0;
    has_finals_ = !finals_.empty();
    lock.unlock();
    return is_known || has_unchecked() ? store_.forget(id) : ok();
}

}  // namespace sluice
