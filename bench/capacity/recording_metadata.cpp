#include "capacity/recording_metadata.hpp"

namespace sluice::capacity {

Result<void> RecordingMetadata::create(const Upload& upload, const CreateTerms& terms) {
    ++calls_.commits;
    return MemoryMetadataStore::create(upload, terms);
}

Result<void> RecordingMetadata::create_whole(
    const Upload& upload, const Segment& segment, const NewJob& job, const CreateTerms& terms
) {
    ++calls_.commits;
    return MemoryMetadataStore::create_whole(upload, segment, job, terms);
}

Result<std::optional<Repeated>> RecordingMetadata::find_repeat(
    const Principal& owner, const std::string& key, WallTime now
) {
    ++calls_.reads;
    return MemoryMetadataStore::find_repeat(owner, key, now);
}

Result<ByteCount> RecordingMetadata::promised() {
    ++calls_.reads;
    return MemoryMetadataStore::promised();
}

Result<Usage> RecordingMetadata::usage_of(const Principal& owner) {
    ++calls_.reads;
    return MemoryMetadataStore::usage_of(owner);
}

Result<std::vector<Upload>> RecordingMetadata::oldest_open(
    const Principal& owner, std::uint32_t count_max
) {
    ++calls_.reads;
    return MemoryMetadataStore::oldest_open(owner, count_max);
}

Result<Upload> RecordingMetadata::find(const Principal& owner, MediaId id) {
    ++calls_.reads;
    return MemoryMetadataStore::find(owner, id);
}

Result<UploadWithSegments> RecordingMetadata::find_with_segments(
    const Principal& owner, MediaId id
) {
    ++calls_.reads;
    return MemoryMetadataStore::find_with_segments(owner, id);
}

Result<UploadWithSegments> RecordingMetadata::find_any(MediaId id) {
    ++calls_.reads;
    return MemoryMetadataStore::find_any(id);
}

Result<UploadPage> RecordingMetadata::list(
    const Principal& owner, MediaId before, std::uint32_t count_max
) {
    ++calls_.reads;
    return MemoryMetadataStore::list(owner, before, count_max);
}

Result<UploadPage> RecordingMetadata::list_all(MediaId before, std::uint32_t count_max) {
    ++calls_.reads;
    return MemoryMetadataStore::list_all(before, count_max);
}

Result<void> RecordingMetadata::add_segment(
    MediaId id, const Segment& segment, std::optional<ByteCount> stride, WallTime now
) {
    ++calls_.commits;
    return MemoryMetadataStore::add_segment(id, segment, stride, now);
}

Result<void> RecordingMetadata::extend(const Extension& more) {
    ++calls_.commits;
    return MemoryMetadataStore::extend(more);
}

Result<void> RecordingMetadata::join(
    const Upload& whole, const std::vector<Segment>& segments, const NewJob& job, const Quota& quota
) {
    ++calls_.commits;
    return MemoryMetadataStore::join(whole, segments, job, quota);
}

Result<std::vector<Upload>> RecordingMetadata::waiting_to_join(const Principal& owner) {
    ++calls_.reads;
    return MemoryMetadataStore::waiting_to_join(owner);
}

Result<bool> RecordingMetadata::is_held_elsewhere(MediaId id, const Extent& extent) {
    ++calls_.reads;
    return MemoryMetadataStore::is_held_elsewhere(id, extent);
}

Result<void> RecordingMetadata::drop_segments(
    MediaId id, const std::vector<SegmentIndex>& indexes, WallTime now
) {
    ++calls_.commits;
    return MemoryMetadataStore::drop_segments(id, indexes, now);
}

Result<void> RecordingMetadata::keep_all(const std::vector<MediaId>& ids, WallTime now) {
    ++calls_.commits;
    return MemoryMetadataStore::keep_all(ids, now);
}

Result<void> RecordingMetadata::change(
    const Upload& upload, UploadState from, const std::optional<NewJob>& job
) {
    ++calls_.commits;
    return MemoryMetadataStore::change(upload, from, job);
}

Result<std::vector<Upload>> RecordingMetadata::due_for_expiry(
    WallTime now, std::uint32_t count_max
) {
    ++calls_.reads;
    return MemoryMetadataStore::due_for_expiry(now, count_max);
}

Result<std::vector<MediaId>> RecordingMetadata::due_for_cleaning(std::uint32_t count_max) {
    ++calls_.reads;
    return MemoryMetadataStore::due_for_cleaning(count_max);
}

Result<std::vector<Extent>> RecordingMetadata::extents_of(MediaId id) {
    ++calls_.reads;
    return MemoryMetadataStore::extents_of(id);
}

Result<bool> RecordingMetadata::knows_blob(BlobId blob) {
    ++calls_.reads;
    return MemoryMetadataStore::knows_blob(blob);
}

Result<std::vector<Extent>> RecordingMetadata::extents_in(BlobId shared) {
    ++calls_.reads;
    return MemoryMetadataStore::extents_in(shared);
}

Result<std::vector<Upload>> RecordingMetadata::with_bytes(MediaId after, std::uint32_t count_max) {
    ++calls_.reads;
    return MemoryMetadataStore::with_bytes(after, count_max);
}

Result<void> RecordingMetadata::forget_bytes(MediaId id) {
    ++calls_.commits;
    return MemoryMetadataStore::forget_bytes(id);
}

Result<std::vector<Output>> RecordingMetadata::outputs(MediaId id) {
    ++calls_.reads;
    return MemoryMetadataStore::outputs(id);
}

Result<std::optional<LeasedJob>> RecordingMetadata::claim_job(
    Lane lane, const std::string& holder, WallTime now, std::chrono::milliseconds lease
) {
    ++calls_.commits;
    return MemoryMetadataStore::claim_job(lane, holder, now, lease);
}

Result<void> RecordingMetadata::heartbeat(
    JobId id,
    std::uint64_t fence,
    const Progress& progress,
    WallTime now,
    std::chrono::milliseconds lease
) {
    ++calls_.commits;
    return MemoryMetadataStore::heartbeat(id, fence, progress, now, lease);
}

Result<void> RecordingMetadata::save_outputs(
    JobId id, std::uint64_t fence, const std::vector<Output>& outputs
) {
    ++calls_.commits;
    return MemoryMetadataStore::save_outputs(id, fence, outputs);
}

Result<void> RecordingMetadata::finish_job(
    JobId id, std::uint64_t fence, const Upload& upload, const std::vector<Output>& outputs
) {
    ++calls_.commits;
    return MemoryMetadataStore::finish_job(id, fence, upload, outputs);
}

Result<void> RecordingMetadata::release_job(
    JobId id, std::uint64_t fence, WallTime run_at, Counted as
) {
    ++calls_.commits;
    return MemoryMetadataStore::release_job(id, fence, run_at, as);
}

Result<std::uint32_t> RecordingMetadata::release_jobs_of(const std::string& holder, WallTime now) {
    ++calls_.commits;
    return MemoryMetadataStore::release_jobs_of(holder, now);
}

Result<QueuePosition> RecordingMetadata::queue_position(MediaId id, WallTime now) {
    ++calls_.reads;
    return MemoryMetadataStore::queue_position(id, now);
}

Result<std::vector<MediaId>> RecordingMetadata::crashed_since(
    const Principal& owner, ByteCount total, WallTime since
) {
    ++calls_.reads;
    return MemoryMetadataStore::crashed_since(owner, total, since);
}

Result<StoreTotals> RecordingMetadata::totals() {
    ++calls_.reads;
    return MemoryMetadataStore::totals();
}

Result<std::uint64_t> RecordingMetadata::newest_number() {
    ++calls_.reads;
    return MemoryMetadataStore::newest_number();
}

}  // namespace sluice::capacity
