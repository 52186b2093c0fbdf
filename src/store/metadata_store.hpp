// MetadataStore: where uploads, segments, outputs and jobs are written down. Plain blocking calls
// from any thread; each changing call is one atomic, durable commit: when it returns without Error,
// the change survives power loss (strict). Engines: sqlite/, memory/ (tests); every one passes
// store/metadata_store_suite.
//
// Errors: store_not_found (no such row for this owner), store_conflict (the row is not in the state
// that the caller saw; load again), storage_full, storage_failed; never an engine's own texts.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "core/create_terms.hpp"
#include "core/job.hpp"
#include "core/output.hpp"
#include "core/upload.hpp"
#include "core/usage.hpp"
#include "store/stream_store.hpp"
#include "store/upload_rows.hpp"

namespace sluice {

class MetadataStore : public StreamStore {
  public:
    // --- uploads ---
    // store_conflict if the id is taken, or the terms' key by an upload that is still there;
    // too_many_open_uploads, quota_exceeded or storage_full, without facts, if the terms leave no
    // room for it: looked at in the same commit, so that calls at the same time cannot pass together.
    virtual Result<void> create(const Upload& upload, const CreateTerms& terms) = 0;
    Result<void> create(const Upload& upload) { return create(upload, CreateTerms{}); }
    // A one-shot: the upload, sealed and queued, with its single segment and its job, in one
    // commit.
    virtual Result<void> create_whole(
        const Upload& upload, const Segment& segment, const NewJob& job, const CreateTerms& terms
    ) = 0;
    Result<void> create_whole(const Upload& upload, const Segment& segment, const NewJob& job) {
        return create_whole(upload, segment, job, CreateTerms{});
    }
    // What the owner made under this key, if it is neither over nor expired.
    virtual Result<std::optional<Repeated>> find_repeat(
        const Principal& owner, const std::string& key, WallTime now
    ) = 0;
    // The sizes of all open uploads that have no segment yet.
    virtual Result<ByteCount> promised() = 0;
    virtual Result<Usage> usage_of(const Principal& owner) = 0;
    virtual Result<std::vector<Upload>> oldest_open(
        const Principal& owner, std::uint32_t count_max
    ) = 0;
    virtual Result<Upload> find(const Principal& owner, MediaId id) = 0;
    virtual Result<UploadWithSegments> find_with_segments(const Principal& owner, MediaId id) = 0;
    // Whoever owns it: for delivery of outputs and for the pipeline.
    virtual Result<UploadWithSegments> find_any(MediaId id) = 0;
    // Uploads of the owner with an id below `before` (0: from the newest), newest first, not
    // cancelled or expired.
    virtual Result<UploadPage> list(
        const Principal& owner, MediaId before, std::uint32_t count_max
    ) = 0;
    virtual Result<UploadPage> list_all(MediaId before, std::uint32_t count_max) = 0;  // whoever's

    // Adds the segment and its length to the upload's sums, if the upload is open, the index is free
    // and the sum stays within total; else store_conflict. Sets the `stride` if there is none.
    virtual Result<void> add_segment(
        MediaId id, const Segment& segment, std::optional<ByteCount> stride, WallTime now
    ) = 0;

    // Segments whose bytes are not there after all (an unclean stop; a file that was damaged): the
    // upload is as if they had not come, durably. store_conflict if it is not open.
    virtual Result<void> drop_segments(
        MediaId id, const std::vector<SegmentIndex>& indexes, WallTime now
    ) = 0;

    // KEEP of several, all or none: store_conflict with the id of one that is over, or due at `now`.
    virtual Result<void> keep_all(const std::vector<MediaId>& ids, WallTime now) = 0;
    // Replaces the upload's row if it is still in state `from` (and, coming from open, has still the same number of segments;
    // becoming expired, still the same expires_at); adds the job in the same commit. store_conflict otherwise. Here and in
    // finish_job, expires_at and (within a state) the progress only grow: what was kept or measured since stays.
    virtual Result<void> change(
        const Upload& upload, UploadState from, const std::optional<NewJob>& job
    ) = 0;

    // Open, ready and failed uploads whose time is over, oldest first.
    virtual Result<std::vector<Upload>> due_for_expiry(WallTime now, std::uint32_t count_max) = 0;
    // Cancelled and expired uploads whose bytes are still there, oldest first; see forget_bytes.
    virtual Result<std::vector<MediaId>> due_for_cleaning(std::uint32_t count_max) = 0;
    // Where all bytes of an upload are, by blob and offset: its own blob as one extent of its total (though nothing may be in
    // it), what its segments have elsewhere, and its outputs. Nothing after forget_bytes.
    virtual Result<std::vector<Extent>> extents_of(MediaId id) = 0;
    // Whether any upload, segment or output names the blob; the blob store's sweep of orphans asks.
    virtual Result<bool> knows_blob(BlobId blob) = 0;
    // Those of them for which that is so: one question for a page of the sweep.
    virtual Result<std::vector<BlobId>> named_among(const std::vector<BlobId>& blobs) = 0;
    // What all uploads together have in a shared blob, by offset: nothing else in it is anybody's.
    virtual Result<std::vector<Extent>> extents_in(BlobId shared) = 0;
    // Uploads whose bytes are there, whoever owns them, by id from behind `after`.
    virtual Result<std::vector<Upload>> with_bytes(MediaId after, std::uint32_t count_max) = 0;
    // The bytes are gone: drops segments and outputs; the upload's row stays as a tombstone.
    virtual Result<void> forget_bytes(MediaId id) = 0;

    // --- outputs ---
    virtual Result<std::vector<Output>> outputs(MediaId id) = 0;

    // --- jobs ---
    // The first of the lane's queue that may run, now processing and leased to `holder`; nothing if
    // none, or while a suspect runs alone on its node. Also takes jobs whose lease ran out: by the clock of an engine that
    // several nodes share, whatever their own say, else by `now`. Passes by those whose upload is not there, or neither
    // queued nor processing.
    virtual Result<std::optional<LeasedJob>> claim_job(
        Lane lane, const std::string& holder, WallTime now, std::chrono::milliseconds lease
    ) = 0;
    // store_conflict if the lease was lost (another fence, or the upload was cancelled).
    virtual Result<void> heartbeat(
        JobId id,
        std::uint64_t fence,
        const Progress& progress,
        WallTime now,
        std::chrono::milliseconds lease
    ) = 0;
    // What can be used already, in place of what was saved before; a lost lease as above.
    virtual Result<void> save_outputs(
        JobId id, std::uint64_t fence, const std::vector<Output>& outputs
    ) = 0;
    // The end of the job: the upload as `upload` (ready or failed) and all of its outputs, in one
    // commit. Without its original its segments name no place any more.
    virtual Result<void> finish_job(
        JobId id, std::uint64_t fence, const Upload& upload, const std::vector<Output>& outputs
    ) = 0;
    // Back into the queue, not before `run_at`, and no suspect any more.
    virtual Result<void> release_job(JobId, std::uint64_t fence, WallTime run_at, Counted as) = 0;
    // At start: jobs leased by a process of this node that is no more go back as suspects; how many.
    virtual Result<std::uint32_t> release_jobs_of(const std::string& holder, WallTime now) = 0;
    // Those of its lane that run, and that may run before it; nothing lies ahead of one that runs.
    // store_not_found if the upload has no job.
    virtual Result<QueuePosition> queue_position(MediaId id, WallTime now) = 0;

    // The owner's uploads of this size that failed since then because their workers crashed; a few.
    virtual Result<std::vector<MediaId>> crashed_since(
        const Principal& owner, ByteCount total, WallTime since
    ) = 0;

    virtual Result<StoreTotals> totals() = 0;
    // The highest number that an upload, a job or a blob of its own carries; 0 if there is none.
    virtual Result<std::uint64_t> newest_number() = 0;
    // Why changes are refused for good, with facts; nothing while they are not.
    virtual std::optional<Error> writes_refused() { return std::nullopt; }
};

}  // namespace sluice
