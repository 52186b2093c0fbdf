#include "store/hot/watched_metadata_store.hpp"

#include <deque>

namespace sluice {
namespace {

// What add_segment() does to the rows.
void add(
    UploadWithSegments& known, const Segment& segment, std::optional<ByteCount> stride, WallTime now
) {
    Upload& upload = known.upload;
    upload.received += segment.extent.length;
    ++upload.segments_received;
    upload.stride = upload.stride ? upload.stride : stride;
    upload.changed_at = now;
    known.segments.emplace(segment.index, segment);
}

}  // namespace

// --- changes that STATUS can see ---

Result<void> WatchedMetadataStore::change(
    const Upload& upload, UploadState from, const std::optional<NewJob>& job
) {
    const Write write(*this, upload.id);
    return rows_.change(upload, from, job);
}

Result<void> WatchedMetadataStore::keep_all(const std::vector<MediaId>& ids, WallTime now) {
    std::deque<Write> writes;
    for (const MediaId id : ids) {
        writes.emplace_back(*this, id);
    }
    return rows_.keep_all(ids, now);
}

Result<void> WatchedMetadataStore::forget_bytes(MediaId id) {
    const Write write(*this, id);
    return rows_.forget_bytes(id);
}

Result<std::optional<LeasedJob>> WatchedMetadataStore::claim_job(
    Lane lane, const std::string& holder, WallTime now, std::chrono::milliseconds lease
) {
    HotUploads::Claim claim(hot_);
    auto leased = rows_.claim_job(lane, holder, now, lease);
    if (!leased) {
        claim.was_of_all();  // it may have been done all the same
    } else if (*leased) {
        const MediaId media = (*leased)->upload.id;
        {
            const std::lock_guard lock(mutex_);
            claimed_.insert_or_assign((*leased)->id.value, media);
        }
        claim.was_of(media);
    }
    return leased;
}

Result<void> WatchedMetadataStore::heartbeat(
    JobId id,
    std::uint64_t fence,
    const Progress& progress,
    WallTime now,
    std::chrono::milliseconds lease
) {
    auto beaten = to_job(id, [&] { return rows_.heartbeat(id, fence, progress, now, lease); });
    return beaten ? beaten : forgetting(id, std::move(beaten));
}

Result<void> WatchedMetadataStore::save_outputs(
    JobId id, std::uint64_t fence, const std::vector<Output>& outputs
) {
    return rows_.save_outputs(id, fence, outputs);
}

Result<void> WatchedMetadataStore::finish_job(
    JobId id, std::uint64_t fence, const Upload& upload, const std::vector<Output>& outputs
) {
    const Write write(*this, upload.id);
    return forgetting(id, rows_.finish_job(id, fence, upload, outputs));
}

Result<void> WatchedMetadataStore::release_job(
    JobId id, std::uint64_t fence, WallTime run_at, Counted as
) {
    return forgetting(id, to_job(id, [&] { return rows_.release_job(id, fence, run_at, as); }));
}

Result<std::uint32_t> WatchedMetadataStore::release_jobs_of(
    const std::string& holder, WallTime now
) {
    HotUploads::Claim claim(hot_);
    auto released = rows_.release_jobs_of(holder, now);
    claim.was_of_all();
    return released;
}

std::optional<MediaId> WatchedMetadataStore::media_of(JobId id) const {
    const std::lock_guard lock(mutex_);
    const auto at = claimed_.find(id.value);
    return at == claimed_.end() ? std::nullopt : std::optional(at->second);
}

// A job that has ended here, or was lost: nothing more comes of it.
Result<void> WatchedMetadataStore::forgetting(JobId id, Result<void> done) {
    if (done || done.error().code == ErrorCode::store_conflict) {
        const std::lock_guard lock(mutex_);
        claimed_.erase(id.value);
    }
    return done;
}

template <class Change>
Result<void> WatchedMetadataStore::to_job(JobId id, Change change) {
    if (const auto media = media_of(id)) {
        const Write write(*this, *media);
        return change();
    }
    HotUploads::Claim claim(hot_);
    auto changed = change();
    claim.was_of_all();
    return changed;
}

Result<void> WatchedMetadataStore::add_segment(
    MediaId id, const Segment& segment, std::optional<ByteCount> stride, WallTime now
) {
    Write write(*this, id);
    auto added = rows_.add_segment(id, segment, stride, now);
    if (auto& known = write.open.known(); added && known) {
        add(*known, segment, stride, now);
        write.open.done();
    }
    return added;
}

Result<void> WatchedMetadataStore::drop_segments(
    MediaId id, const std::vector<SegmentIndex>& indexes, WallTime now
) {
    const Write write(*this, id);
    return rows_.drop_segments(id, indexes, now);
}

Result<void> WatchedMetadataStore::extend(const Extension& more) {
    const Write write(*this, more.id);
    return rows_.extend(more);
}

Result<void> WatchedMetadataStore::join(
    const Upload& whole, const std::vector<Segment>& segments, const NewJob& job, const Quota& quota
) {
    const Write write(*this, whole.id);
    return rows_.join(whole, segments, job, quota);
}

// --- new ones ---

Result<void> WatchedMetadataStore::create(const Upload& upload, const CreateTerms& terms) {
    OpenUploads::Write write(open_, upload.id);
    auto created = rows_.create(upload, terms);
    if (created) {
        write.known() = {upload, {}};
        write.done();
    }
    return created;
}

Result<void> WatchedMetadataStore::create_whole(
    const Upload& upload, const Segment& segment, const NewJob& job, const CreateTerms& terms
) {
    return rows_.create_whole(upload, segment, job, terms);
}

// --- what only asks ---

Result<std::vector<Upload>> WatchedMetadataStore::waiting_to_join(const Principal& owner) {
    return rows_.waiting_to_join(owner);
}
Result<bool> WatchedMetadataStore::is_held_elsewhere(MediaId id, const Extent& extent) {
    return rows_.is_held_elsewhere(id, extent);
}

Result<std::optional<Repeated>> WatchedMetadataStore::find_repeat(
    const Principal& owner, const std::string& key, WallTime now
) {
    return rows_.find_repeat(owner, key, now);
}
Result<ByteCount> WatchedMetadataStore::promised() {
    return rows_.promised();
}
Result<Usage> WatchedMetadataStore::usage_of(const Principal& owner) {
    return rows_.usage_of(owner);
}
Result<std::vector<Upload>> WatchedMetadataStore::oldest_open(
    const Principal& owner, std::uint32_t count_max
) {
    return rows_.oldest_open(owner, count_max);
}
Result<Upload> WatchedMetadataStore::find(const Principal& owner, MediaId id) {
    return rows_.find(owner, id);
}
Result<UploadWithSegments> WatchedMetadataStore::find_with_segments(
    const Principal& owner, MediaId id
) {
    if (auto known = open_.find(owner, id)) {
        return *std::move(known);
    }
    OpenUploads::Reading reading(open_, id);
    auto found = rows_.find_with_segments(owner, id);
    if (found) {
        reading.found(*found);
    }
    return found;
}
Result<UploadWithSegments> WatchedMetadataStore::find_any(MediaId id) {
    return rows_.find_any(id);
}
Result<UploadPage> WatchedMetadataStore::list(
    const Principal& owner, MediaId before, std::uint32_t count_max
) {
    return rows_.list(owner, before, count_max);
}
Result<UploadPage> WatchedMetadataStore::list_all(MediaId before, std::uint32_t count_max) {
    return rows_.list_all(before, count_max);
}
Result<std::vector<Upload>> WatchedMetadataStore::due_for_expiry(
    WallTime now, std::uint32_t count_max
) {
    return rows_.due_for_expiry(now, count_max);
}
Result<std::vector<MediaId>> WatchedMetadataStore::due_for_cleaning(std::uint32_t count_max) {
    return rows_.due_for_cleaning(count_max);
}
Result<std::vector<Extent>> WatchedMetadataStore::extents_of(MediaId id) {
    return rows_.extents_of(id);
}
Result<bool> WatchedMetadataStore::knows_blob(BlobId blob) {
    return rows_.knows_blob(blob);
}
Result<std::vector<BlobId>> WatchedMetadataStore::named_among(const std::vector<BlobId>& blobs) {
    return rows_.named_among(blobs);
}
Result<std::vector<Extent>> WatchedMetadataStore::extents_in(BlobId shared) {
    return rows_.extents_in(shared);
}
Result<std::vector<Upload>> WatchedMetadataStore::with_bytes(
    MediaId after, std::uint32_t count_max
) {
    return rows_.with_bytes(after, count_max);
}
Result<std::vector<Output>> WatchedMetadataStore::outputs(MediaId id) {
    return rows_.outputs(id);
}
Result<QueuePosition> WatchedMetadataStore::queue_position(MediaId id, WallTime now) {
    return rows_.queue_position(id, now);
}
Result<std::vector<MediaId>> WatchedMetadataStore::crashed_since(
    const Principal& owner, ByteCount total, WallTime since
) {
    return rows_.crashed_since(owner, total, since);
}
Result<StoreTotals> WatchedMetadataStore::totals() {
    return rows_.totals();
}
Result<std::uint64_t> WatchedMetadataStore::newest_number() {
    return rows_.newest_number();
}
std::optional<Error> WatchedMetadataStore::writes_refused() {
    return rows_.writes_refused();
}

}  // namespace sluice
