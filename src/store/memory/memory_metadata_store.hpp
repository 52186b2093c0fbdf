// MemoryMetadataStore: the MetadataStore without a disk, for tests and for the simulation. One
// mutex around everything; nothing is durable. Passes the same suite as the real engines and is the
// plainest statement of what they must do.
#pragma once

#include <map>
#include <mutex>
#include <set>

#include "store/metadata_store.hpp"

namespace sluice {

class MemoryMetadataStore : public MetadataStore {
  public:
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

    std::vector<MediaId> open_with_segments();

  private:
    struct Row {
        Upload upload;
        SegmentMap segments;
        std::vector<Output> outputs;
        bool has_bytes = true;
    };
    // Of everybody without an owner. Under the lock.
    UploadPage page_of(const Principal* owner, MediaId before, std::uint32_t count_max) const;
    struct JobRow {
        NewJob job;
        int attempt = 0;
        int failures = 0;
        int crashes = 0;
        bool is_suspect = false;
        std::uint64_t fence = 0;
        bool is_leased = false;
        std::string holder;
        WallTime lease_until;
    };

    // Expiry, and progress within a state, only grow: whoever writes may hold an older copy.
    static void replace(Upload& stored, const Upload& by);
    Row* row_of(MediaId id);
    Row* row_of(const Principal& owner, MediaId id);
    JobRow* leased_job(JobId id, std::uint64_t fence);
    const Upload* upload_wanting(const JobRow& job) const;
    static bool is_before(const JobRow& a, const JobRow& b);
    bool may_begin(Lane lane, const std::string& holder, WallTime now) const;
    JobRow* next_job(Lane lane, WallTime now);
    JobRow* job_of(MediaId id);
    bool may_add_job(const NewJob& job);
    void release(JobRow& row, WallTime now);
    void drop_job_of(MediaId id);
    Usage sum_of(const Principal& owner) const;
    Result<void> check(const Upload& upload, const CreateTerms& terms) const;
    void insert(Row row, const CreateTerms& terms);
    std::uint64_t sum_of_promises() const;
    bool is_there(MediaId id, WallTime now) const;
    bool has_whole_parts(const Upload& joined) const;
    // Under the lock: whose bytes count as those of what was joined of them.
    std::set<MediaId> parts_joined(const Principal& owner) const;

    std::mutex mutex_;  // guards all below
    std::map<MediaId, Row> uploads_;
    std::map<JobId, JobRow> jobs_;
    std::map<std::pair<std::string, std::string>, Repeated> repeats_;  // by owner and key
};

}  // namespace sluice
