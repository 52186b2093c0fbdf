// MemoryBlobStore: the BlobStore without a disk, for tests and for the simulation. One mutex around
// everything. Writers hold a reference to their store and must not outlive it.
#pragma once

#include <map>
#include <mutex>

#include "store/blob_store.hpp"
#include "store/byte_ranges.hpp"

namespace sluice {

class MemoryBlobStore : public BlobStore {
  public:
    explicit MemoryBlobStore(ByteCount capacity = {std::uint64_t{1} << 32}) : capacity_(capacity) {}

    Result<std::unique_ptr<BlobWriter>> stage(BlobId id) override;
    Result<std::unique_ptr<BlobWriter>> place(const Placement& placement) override;
    Result<void> make_durable(const std::vector<Extent>& layout) override;
    Result<void> read(const Extent& extent, ByteOffset offset, std::span<std::byte> bytes) override;
    Result<std::string> as_local_file(const std::vector<Extent>& layout, const std::string& scratch)
        override;
    Result<AdoptedFile> adopt_file(BlobId id, const std::string& path) override;
    Result<void> remove(const Extent& extent) override;
    Result<ByteCount> free_space() override;

    std::size_t blob_count();

  private:
    friend class MemoryBlobWriter;

    struct Blob {
        std::vector<std::byte> bytes;
        ByteRanges committed;
        std::map<std::uint64_t, ByteCount> in_flight;  // by offset
        bool is_staged = false;
    };

    std::uint64_t used() const;
    Result<Extent> keep(BlobId id, ByteOffset at, std::span<const std::byte> bytes);
    void abandon(BlobId id, ByteOffset at);

    const ByteCount capacity_;
    std::mutex mutex_;  // guards all below
    std::map<BlobId, Blob> blobs_;
};

}  // namespace sluice
