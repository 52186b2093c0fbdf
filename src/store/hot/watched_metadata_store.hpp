// A MetadataStore whose changes HotUploads hears of, before and after, and which remembers the open uploads that it
// has just written or read. All other calls go on to the engine behind it; what a call promises is the engine's.
// Passes store/metadata_store_suite.
#pragma once

#include <mutex>
#include <unordered_map>

#include "store/hot/hot_uploads.hpp"
#include "store/hot/open_uploads.hpp"
#include "store/metadata_store.hpp"

namespace sluice {

class WatchedMetadataStore final : public MetadataStore {
  public:
    WatchedMetadataStore(MetadataStore& rows, HotUploads& hot) : rows_(rows), hot_(hot) {}

    using MetadataStore::create;
    using MetadataStore::create_whole;

    Result<void> create(const Upload& upload, const CreateTerms& terms) override;
    Result<void> create_whole(
        const Upload& upload, const Segment& segment, const NewJob& job, const CreateTerms& terms
    ) override;
    Result<std::optional<Repeated>> find_repeat(
        const Principal& owner, const std::string& key, WallTime now
    ) override;
    Result<ByteCount> promised() override;
    Result<Usage> usage_of(const Principal& owner) override;
    Result<std::vector<Upload>> oldest_open(const Principal& owner, std::uint32_t count_max)
        override;
    Result<Upload> find(const Principal& owner, MediaId id) override;
    Result<UploadWithSegments> find_with_segments(const Principal& owner, MediaId id) override;
    Result<UploadWithSegments> find_any(MediaId id) override;
    Result<UploadPage> list(const Principal& owner, MediaId before, std::uint32_t count_max)
        override;
    Result<UploadPage> list_all(MediaId before, std::uint32_t count_max) override;
    Result<void> add_segment(
        MediaId id, const Segment& segment, std::optional<ByteCount> stride, WallTime now
    ) override;
    Result<void> extend(const Extension& more) override;
    Result<void> join(
        const Upload& whole,
        const std::vector<Segment>& segments,
        const NewJob& job,
        const Quota& quota
    ) override;
    Result<std::vector<Upload>> waiting_to_join(const Principal& owner) override;
    Result<bool> is_held_elsewhere(MediaId id, const Extent& extent) override;
    Result<void> drop_segments(MediaId id, const std::vector<SegmentIndex>& indexes, WallTime now)
        override;
    Result<void> keep_all(const std::vector<MediaId>& ids, WallTime now) override;
    Result<void> change(const Upload& upload, UploadState from, const std::optional<NewJob>& job)
        override;
    Result<std::vector<Upload>> due_for_expiry(WallTime now, std::uint32_t count_max) override;
    Result<std::vector<MediaId>> due_for_cleaning(std::uint32_t count_max) override;
    Result<std::vector<Extent>> extents_of(MediaId id) override;
    Result<bool> knows_blob(BlobId blob) override;
    Result<std::vector<BlobId>> named_among(const std::vector<BlobId>& blobs) override;
    Result<std::vector<Extent>> extents_in(BlobId shared) override;
    Result<std::vector<Upload>> with_bytes(MediaId after, std::uint32_t count_max) override;
    Result<void> forget_bytes(MediaId id) override;
    Result<std::vector<Output>> outputs(MediaId id) override;
    Result<std::optional<LeasedJob>> claim_job(
        Lane lane, const std::string& holder, WallTime now, std::chrono::milliseconds lease
    ) override;
    Result<void> heartbeat(
        JobId id,
        std::uint64_t fence,
        const Progress& progress,
        WallTime now,
        std::chrono::milliseconds lease
    ) override;
    Result<void> save_outputs(JobId id, std::uint64_t fence, const std::vector<Output>& outputs)
        override;
    Result<void> finish_job(
        JobId id, std::uint64_t fence, const Upload& upload, const std::vector<Output>& outputs
    ) override;
    Result<void> release_job(JobId id, std::uint64_t fence, WallTime run_at, Counted as) override;
    Result<std::uint32_t> release_jobs_of(const std::string& holder, WallTime now) override;
    Result<QueuePosition> queue_position(MediaId id, WallTime now) override;
    Result<std::vector<MediaId>> crashed_since(
        const Principal& owner, ByteCount total, WallTime since
    ) override;
    Result<StoreTotals> totals() override;
    Result<std::uint64_t> newest_number() override;
    std::optional<Error> writes_refused() override;

  private:
    // A write that both hear of.
    struct Write {
        Write(WatchedMetadataStore& of, MediaId id) : hot(of.hot_, id), open(of.open_, id) {}
        HotUploads::Write hot;
        OpenUploads::Write open;
    };

    // Whose job it is; jobs are claimed here before anything else is done to them.
    std::optional<MediaId> media_of(JobId id) const;
    Result<void> forgetting(JobId id, Result<void> done);
    // Makes the change while HotUploads tells nothing of the upload.
    template <class Change>
    Result<void> to_job(JobId id, Change change);

    MetadataStore& rows_;
    HotUploads& hot_;
    OpenUploads open_;
    mutable std::mutex mutex_;
    std::unordered_map<std::uint64_t, MediaId> claimed_;  // as many as there are workers
};

}  // namespace sluice
