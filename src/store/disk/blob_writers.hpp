// The two writers of DiskBlobStore: into a range of an upload's file, and into a file of its own.
// One thread at a time; after a failed write or sync a writer takes nothing more and cannot be
// committed.
#pragma once

#include <memory>

#include "store/disk/disk_blob_store.hpp"

namespace sluice {

// The right to write to a range of an upload's file. Given up with the last that holds it: the
// writer, or a write that still runs after the writer has gone.
class PlacedRange {
  public:
    PlacedRange(DiskBlobStore& store, std::shared_ptr<disk::OpenBlob> open, ByteOffset at)
        : store_(store), open_(std::move(open)), at_(at) {}
    PlacedRange(const PlacedRange&) = delete;
    PlacedRange& operator=(const PlacedRange&) = delete;
    ~PlacedRange();

    disk::OpenBlob& blob() const { return *open_; }
    ByteOffset at() const { return at_; }
    const disk::WriteWays& ways() const { return store_.ways(); }
    Result<void> commit(ByteCount written);

  private:
    DiskBlobStore& store_;
    // Shared by all writers of the blob: whoever is last closes it.
    const std::shared_ptr<disk::OpenBlob> open_;
    const ByteOffset at_;
    bool is_committed_ = false;
};

class PlacedBlobWriter final : public BlobWriter {
  public:
    PlacedBlobWriter(std::shared_ptr<PlacedRange> range, ByteCount length_max)
        : range_(std::move(range)), length_max_(length_max) {}

    Result<bool> prepare_more() override;
    Result<void> write(std::span<const std::byte> bytes) override;
    bool is_quick(ByteCount) const override { return range_->ways().is_memory; }
    std::optional<DirectRange> direct_range() const override;
    void passed(ByteCount length) override { written_ += length; }
    void direct_failed() override { phase_ = Phase::failed; }
    ByteCount written() const override { return written_; }
    Result<Extent> commit() override;

  private:
    enum class Phase : std::uint8_t { writing, failed, committed };

    const std::shared_ptr<PlacedRange> range_;
    const ByteCount length_max_;
    ByteCount written_;
    disk::WriteBack write_back_;
    Phase phase_ = Phase::writing;
};

class StagedBlobWriter final : public BlobWriter {
  public:
    StagedBlobWriter(
        const disk::BlobDirectory& directory, BlobId id, UniqueFd file, disk::WriteWays ways = {}
    )
        : directory_(directory), id_(id), file_(std::move(file)), ways_(ways) {}
    StagedBlobWriter(const StagedBlobWriter&) = delete;
    StagedBlobWriter& operator=(const StagedBlobWriter&) = delete;
    ~StagedBlobWriter() override;

    Result<void> write(std::span<const std::byte> bytes) override;
    bool is_quick(ByteCount) const override { return ways_.is_memory; }
    // Instead of write(): all of a file.
    Result<void> copy_from(int file, ByteCount length);
    ByteCount written() const override { return written_; }
    Result<Extent> commit() override;

  private:
    enum class Phase : std::uint8_t { writing, failed, committed };

    Result<void> make_durable();

    const disk::BlobDirectory& directory_;
    const BlobId id_;
    UniqueFd file_;
    const disk::WriteWays ways_;
    ByteCount written_;
    disk::WriteBack write_back_;
    Phase phase_ = Phase::writing;
};

}  // namespace sluice
