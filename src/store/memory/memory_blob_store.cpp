#include "store/memory/memory_blob_store.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <limits>

#include "base/digest.hpp"

namespace sluice {
namespace {

Error refused(ErrorCode code, std::string detail) {
    return {.code = code, .detail = std::move(detail)};
}

}  // namespace

// Gathers the bytes and hands them over at commit, so that nobody sees half of them.
class MemoryBlobWriter final : public BlobWriter {
  public:
    struct Place {
        BlobId blob;
        ByteOffset at;
        ByteCount length_max;
    };
    MemoryBlobWriter(MemoryBlobStore& store, Place place) : store_(store), place_(place) {}
    MemoryBlobWriter(const MemoryBlobWriter&) = delete;
    MemoryBlobWriter& operator=(const MemoryBlobWriter&) = delete;
    ~MemoryBlobWriter() override {
        if (!is_committed_) {
            store_.abandon(place_.blob, place_.at);
        }
    }

    Result<void> write(std::span<const std::byte> bytes) override {
        if (is_committed_) {
            return refused(ErrorCode::storage_failed, "the writer has committed");
        }
        if (bytes.size() > place_.length_max.value - bytes_.size()) {
            return refused(ErrorCode::body_too_large, "more bytes than announced");
        }
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        return ok();
    }

    ByteCount written() const override { return {bytes_.size()}; }

    Result<Extent> commit() override {
        if (is_committed_) {
            return refused(ErrorCode::storage_failed, "the writer has committed");
        }
        auto kept = store_.keep(place_.blob, place_.at, bytes_);
        is_committed_ = kept.has_value();
        return kept;
    }

  private:
    MemoryBlobStore& store_;
    Place place_;
    std::vector<std::byte> bytes_;
    bool is_committed_ = false;
};

std::uint64_t MemoryBlobStore::used() const {
    std::uint64_t sum = 0;
    for (const auto& [id, blob] : blobs_) {
        sum += blob.bytes.size();
    }
    return sum;
}

Result<std::unique_ptr<BlobWriter>> MemoryBlobStore::stage(BlobId id) {
    const std::scoped_lock lock(mutex_);
    const auto [blob, is_new] = blobs_.try_emplace(id);
    if (!is_new) {
        return refused(ErrorCode::store_conflict, "the blob exists");
    }
    blob->second.is_staged = true;
    const ByteCount no_limit{std::numeric_limits<std::uint64_t>::max()};
    blob->second.in_flight.emplace(0, no_limit);
    return std::make_unique<MemoryBlobWriter>(*this, MemoryBlobWriter::Place{id, {0}, no_limit});
}

Result<std::unique_ptr<BlobWriter>> MemoryBlobStore::place(const Placement& placement) {
    const std::scoped_lock lock(mutex_);
    const auto known = blobs_.find(placement.blob);
    const std::uint64_t room = placement.is_reserved ? placement.total.value : 0;
    if (known == blobs_.end() && room > capacity_.value - used()) {
        return refused(ErrorCode::storage_full, "the memory store is full");
    }
    if (placement.at.value > placement.total.value ||
        placement.length_max > placement.total - ByteCount{placement.at.value}) {
        return refused(ErrorCode::store_conflict, "beyond the end of the upload");
    }
    const ByteRanges none;
    ByteRanges taken = known == blobs_.end() ? none : known->second.committed;
    for (const Extent& extent : placement.committed) {
        taken.add(extent.offset, extent.blob == placement.blob ? extent.length : ByteCount{0});
    }
    if (known != blobs_.end()) {
        for (const auto& [offset, length] : known->second.in_flight) {
            taken.add({offset}, length);
        }
    }
    const bool is_same_place =
        known != blobs_.end() && known->second.in_flight.contains(placement.at.value);
    if (is_same_place || taken.meets(placement.at, placement.length_max)) {
        return refused(ErrorCode::store_conflict, "the range is taken");
    }
    Blob& blob = blobs_[placement.blob];
    blob.bytes.resize(std::max(blob.bytes.size(), room));
    blob.in_flight.emplace(placement.at.value, placement.length_max);
    return std::make_unique<MemoryBlobWriter>(
        *this, MemoryBlobWriter::Place{placement.blob, placement.at, placement.length_max}
    );
}

Result<Extent> MemoryBlobStore::keep(BlobId id, ByteOffset at, std::span<const std::byte> bytes) {
    const std::scoped_lock lock(mutex_);
    const auto found = blobs_.find(id);
    if (found == blobs_.end() || found->second.in_flight.erase(at.value) == 0) {
        return refused(ErrorCode::store_conflict, "the blob was removed");
    }
    Blob& blob = found->second;
    blob.bytes.resize(
        blob.is_staged ? bytes.size() : std::max(blob.bytes.size(), at.value + bytes.size())
    );
    std::ranges::copy(bytes, blob.bytes.begin() + static_cast<std::ptrdiff_t>(at.value));
    blob.committed.add(at, {bytes.size()});
    return Extent{id, at, {bytes.size()}};
}

void MemoryBlobStore::abandon(BlobId id, ByteOffset at) {
    const std::scoped_lock lock(mutex_);
    const auto found = blobs_.find(id);
    if (found == blobs_.end()) {
        return;
    }
    found->second.in_flight.erase(at.value);
    if (found->second.in_flight.empty() && found->second.committed.is_empty()) {
        blobs_.erase(found);
    }
}

Result<void> MemoryBlobStore::make_durable(const std::vector<Extent>& layout) {
    const std::scoped_lock lock(mutex_);
    const auto is_there = [this](const Extent& extent) { return blobs_.contains(extent.blob); };
    return std::ranges::all_of(layout, is_there) ? ok()
                                                 : refused(ErrorCode::store_not_found, "no blob");
}

Result<void> MemoryBlobStore::read(
    const Extent& extent, ByteOffset offset, std::span<std::byte> bytes
) {
    const std::scoped_lock lock(mutex_);
    const auto found = blobs_.find(extent.blob);
    if (found == blobs_.end()) {
        return refused(ErrorCode::store_not_found, "no such blob");
    }
    const std::vector<std::byte>& stored = found->second.bytes;
    const std::uint64_t begin = extent.offset.value + offset.value;
    const bool is_inside =
        offset.value + bytes.size() <= extent.length.value && begin + bytes.size() <= stored.size();
    if (!is_inside) {
        Error error = refused(ErrorCode::storage_failed, "the blob is shorter than its extent");
        error.is_too_short = true;
        return error;
    }
    std::copy_n(stored.begin() + static_cast<std::ptrdiff_t>(begin), bytes.size(), bytes.begin());
    return ok();
}

Result<std::string> MemoryBlobStore::as_local_file(
    const std::vector<Extent>& layout, const std::string& scratch
) {
    std::string text;
    for (const Extent& extent : layout) {
        const std::size_t before = text.size();
        text.resize(before + extent.length.value);
        const auto bytes = std::as_writable_bytes(std::span(text)).subspan(before);
        if (auto done = read(extent, {0}, bytes); !done) {
            return std::move(done).error();
        }
    }
    std::ofstream file(scratch, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    return file ? Result<std::string>(scratch) : system_error(EIO, "write " + scratch);
}

Result<AdoptedFile> MemoryBlobStore::adopt_file(BlobId id, const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return system_error(ENOENT, "open " + path);
    }
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    auto writer = stage(id);
    if (!writer) {
        return std::move(writer).error();
    }
    if (auto written = (*writer)->write(std::as_bytes(std::span(text))); !written) {
        return std::move(written).error();
    }
    auto extent = (*writer)->commit();
    if (!extent) {
        return std::move(extent).error();
    }
    std::remove(path.c_str());
    return AdoptedFile{*extent, crc32c(std::as_bytes(std::span(text)))};
}

Result<void> MemoryBlobStore::remove(const Extent& extent) {
    const std::scoped_lock lock(mutex_);
    blobs_.erase(extent.blob);
    return ok();
}

Result<ByteCount> MemoryBlobStore::free_space() {
    const std::scoped_lock lock(mutex_);
    return ByteCount{capacity_.value - std::min(capacity_.value, used())};
}

std::size_t MemoryBlobStore::blob_count() {
    const std::scoped_lock lock(mutex_);
    return blobs_.size();
}

}  // namespace sluice
