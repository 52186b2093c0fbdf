// The two writers of DiskBlobStore: into a range of an upload's file, and into a file of its own.
// One thread at a time; after a failed write or sync a writer takes nothing more and cannot be
// committed.
#pragma once

#include <memory>

#include "store/disk/disk_blob_store.hpp"

namespace sluice {

class PlacedBlobWriter final : public BlobWriter {
  public:
    PlacedBlobWriter(
        DiskBlobStore& store,
        std::shared_ptr<disk::OpenBlob> open,
        ByteOffset at,
        ByteCount length_max
    )
        : store_(store), open_(std::move(open)), at_(at), length_max_(length_max) {}
    PlacedBlobWriter(const PlacedBlobWriter&) = delete;
    PlacedBlobWriter& operator=(const PlacedBlobWriter&) = delete;
    ~PlacedBlobWriter() override;

    Result<void> write(std::span<const std::byte> bytes) override;
    ByteCount written() const override { return written_; }
    Result<Extent> commit() override;

  private:
    enum class Phase : std::uint8_t { writing, failed, committed };

    DiskBlobStore& store_;
    // Shared by all writers of the blob: whoever is last closes it.
    std::shared_ptr<disk::OpenBlob> open_;
    const ByteOffset at_;
    const ByteCount length_max_;
    ByteCount written_;
    disk::WriteBack write_back_;
    Phase phase_ = Phase::writing;
};

class StagedBlobWriter final : public BlobWriter {
  public:
    StagedBlobWriter(const disk::BlobDirectory& directory, BlobId id, UniqueFd file)
        : directory_(directory), id_(id), file_(std::move(file)) {}
    StagedBlobWriter(const StagedBlobWriter&) = delete;
    StagedBlobWriter& operator=(const StagedBlobWriter&) = delete;
    ~StagedBlobWriter() override;

    Result<void> write(std::span<const std::byte> bytes) override;
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
    ByteCount written_;
    disk::WriteBack write_back_;
    Phase phase_ = Phase::writing;
};

}  // namespace sluice
