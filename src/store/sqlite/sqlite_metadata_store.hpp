// SqliteMetadataStore: the MetadataStore in one SQLite file (WAL). Reads run on the caller's thread
// over a few read-only connections; changes go through the one writer of the WriteQueue and are
// durable when they return. After an I/O error it refuses changes (fail-stop) and goes on reading.
// The file belongs to one process (see DirectoryLock); not for NFS.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "store/metadata_store.hpp"

namespace sluice {

namespace sqlite {
class Connection;
class ReaderPool;
class WriteQueue;
}  // namespace sqlite

struct SqliteOptions {
    // strict: synchronous=FULL, what returned survives power loss. Off: NORMAL, it survives a kill
    // only, but for what a FINALIZE, a DELETE, a keep or the end of a job commits: that is synced.
    bool strict = true;
    // Connections for reading; more readers than these wait for each other.
    std::size_t readers = 4;
};

class SqliteMetadataStore final : public MetadataStore {
  public:
    // Makes the file (mode 0600) or brings its schema up to date. storage_failed, with facts, for a
    // schema that is newer than this program.
    static Result<std::unique_ptr<SqliteMetadataStore>> open(
        const std::string& path, SqliteOptions options = {}
    );
    // Waits for what is queued.
    ~SqliteMetadataStore() override;

    Result<void> create(const Upload& upload) override;
    Result<void> create_whole(const Upload& upload, const Segment& segment, const NewJob& job)
        override;
    Result<Upload> find(const Principal& owner, MediaId id) override;
    Result<UploadWithSegments> find_with_segments(const Principal& owner, MediaId id) override;
    Result<UploadWithSegments> find_any(MediaId id) override;
    Result<UploadPage> list(const Principal& owner, MediaId before, std::uint32_t count_max)
        override;
    Result<void> add_segment(
        MediaId id, const Segment& segment, std::optional<ByteCount> stride, WallTime now
    ) override;
    Result<void> change(const Upload& upload, UploadState from, const std::optional<NewJob>& job)
        override;
    Result<std::vector<Upload>> due_for_expiry(WallTime now, std::uint32_t count_max) override;
    Result<std::vector<MediaId>> due_for_cleaning(std::uint32_t count_max) override;
    Result<std::vector<BlobId>> blobs_of(MediaId id) override;
    Result<bool> knows_blob(BlobId blob) override;
    Result<void> forget_bytes(MediaId id) override;
    Result<std::vector<Output>> outputs(MediaId id) override;
    Result<std::optional<LeasedJob>> claim_job(
        const std::string& holder, WallTime now, WallTime lease_until
    ) override;
    Result<void> heartbeat(
        JobId id, std::uint64_t fence, const Progress& progress, WallTime lease_until
    ) override;
    Result<void> finish_job(
        JobId id, std::uint64_t fence, const Upload& upload, const std::vector<Output>& outputs
    ) override;
    Result<void> release_job(JobId id, std::uint64_t fence, WallTime run_at, bool counts) override;
    Result<std::uint32_t> release_jobs_of(const std::string& holder, WallTime now) override;
    Result<QueuePosition> queue_position(MediaId id, WallTime now) override;
    Result<StoreTotals> totals() override;

    // Transactions committed by the writer so far.
    std::uint64_t commits();

  private:
    SqliteMetadataStore(
        std::unique_ptr<sqlite::WriteQueue> writer, std::unique_ptr<sqlite::ReaderPool> readers
    );

    std::unique_ptr<sqlite::ReaderPool> readers_;
    std::unique_ptr<sqlite::WriteQueue> writer_;
};

}  // namespace sluice
