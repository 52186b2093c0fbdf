// The MetadataStore of a history in two halves. The Journal outlives the processes: it holds the rows
// (a MemoryMetadataStore) and, where a loss of power may take commits back, the calls that made them,
// so that the rows of an earlier moment can be made again. SimulatedMetadataStore is what one process
// sees of it: every call passes the gate, and a Witness is told of what was committed.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "gate.hpp"
#include "store/memory/memory_doubt_store.hpp"
#include "store/memory/memory_metadata_store.hpp"
#include "store/metadata_store.hpp"

namespace sluice::simulation {

// Sees what was committed, whoever was told of it.
class Witness {
  public:
    virtual ~Witness() = default;
    virtual void created(const Upload& upload, const CreateTerms& terms) = 0;
    virtual void changed(const Upload& before, const Upload& after) = 0;
    virtual void claimed(const LeasedJob& job, WallTime now, WallTime lease_until) = 0;
    virtual void beat(JobId id, WallTime lease_until) = 0;
    virtual void finished(JobId id, std::uint64_t fence, const Upload& upload) = 0;
    virtual void released(JobId id) = 0;
    virtual void dropped(const UploadWithSegments& before, const std::vector<SegmentIndex>&) = 0;
};

enum class Survives : std::uint8_t { as_configured, power_loss };

class Journal {
  public:
    // strict: every commit survives a loss of power. never_syncs: none does, whatever was promised.
    Journal(bool is_strict, bool never_syncs)
        : is_strict_(is_strict && !never_syncs), never_syncs_(never_syncs) {}

    MemoryMetadataStore& rows() { return *rows_; }
    MemoryDoubtStore& doubts() { return *doubts_; }
    using Work = std::function<void(MemoryMetadataStore&)>;
    void add(Survives survives, const Work& work);
    // The last commits that were not synced go, from a random one on.
    void lose_power(Random& random, Tally& tally);

  private:
    const bool is_strict_;
    const bool never_syncs_;
    std::unique_ptr<MemoryMetadataStore> rows_ = std::make_unique<MemoryMetadataStore>();
    std::unique_ptr<MemoryDoubtStore> doubts_ = std::make_unique<MemoryDoubtStore>(*rows_);
    std::vector<Work> commits_;
    std::size_t synced_ = 0;
};

class SimulatedMetadataStore final : public MetadataStore {
  public:
    SimulatedMetadataStore(Journal& journal, Gate& gate, Witness& witness)
        : journal_(journal), gate_(gate), witness_(witness) {}

    Result<void> create(const Upload& upload, const CreateTerms& terms) override;
    Result<void> create_whole(
        const Upload& upload, const Segment& segment, const NewJob& job, const CreateTerms& terms
    ) override;
    Result<std::optional<Repeated>> find_repeat(
        const Principal& owner, const std::string& key, WallTime now
    ) override;
    Result<ByteCount> promised() override;
    Result<std::vector<Upload>> with_bytes(MediaId after, std::uint32_t count_max) override;
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
    Result<std::vector<Upload>> waiting_to_join(const Principal& owner) override {
        return rows().waiting_to_join(owner);
    }
    Result<bool> is_held_elsewhere(MediaId id, const Extent& extent) override {
        return rows().is_held_elsewhere(id, extent);
    }
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
    MemoryMetadataStore& rows() { return journal_.rows(); }
    CreateTerms as_kept(CreateTerms terms) const;
    // Work on the rows that may be needed again, if it succeeds.
    template <class F>
    auto write(Site site, Survives survives, F work);
    Result<void> add_to_taken(MediaId id, const Segment& segment, Result<void> refused);

    Journal& journal_;
    Gate& gate_;
    Witness& witness_;
};

}  // namespace sluice::simulation
