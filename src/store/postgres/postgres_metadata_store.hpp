// PostgresMetadataStore: the MetadataStore in PostgreSQL. Many processes may use one database; what
// one of them wrote, the next call of any other reads. Thread-safe, blocking; for time-outs, a
// database that is away, and what is tried again see PostgresDatabase.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "store/metadata_store.hpp"
#include "store/postgres/postgres_database.hpp"

namespace sluice {

class PostgresMetadataStore final : public MetadataStore {
  public:
    // Shares the database with the other stores over it.
    explicit PostgresMetadataStore(std::shared_ptr<PostgresDatabase> database)
        : database_(std::move(database)) {}

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

  private:
    std::shared_ptr<PostgresDatabase> database_;
};

}  // namespace sluice
