// LostSyncs: the blobs whose sync has failed. The kernel tells of a lost write once and says "ok" to
// the next sync, so what such a blob held is not durable by any later sync: each extent in it has to
// be read back from the disk first. Kept by a blob store as long as it lives. Thread-safe.
#pragma once

#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "base/error.hpp"
#include "core/segment.hpp"

namespace sluice {

class LostSyncs {
  public:
    // Held from before a sync to after its failure was noted: no other sync of the blob may come
    // between and find nothing to report.
    std::unique_lock<std::mutex> turn_of(BlobId blob) {
        return std::unique_lock(turns_[blob.value % turns_.size()]);
    }

    // All that was read back before counts no more.
    void note(BlobId blob, const Error& error) {
        const std::scoped_lock lock(mutex_);
        blobs_[blob] = {.error = error, .read_back = {}};
    }
    bool has(BlobId blob) const {
        const std::scoped_lock lock(mutex_);
        return blobs_.contains(blob);
    }
    // Whoever reads the extent from now on sees what the disk has.
    void read_back(const Extent& extent) {
        const std::scoped_lock lock(mutex_);
        if (const auto found = blobs_.find(extent.blob); found != blobs_.end()) {
            found->second.read_back.insert(extent.offset.value);
        }
    }
    // Why a sync cannot make the extent durable; nothing if it can.
    std::optional<Error> doubt_of(const Extent& extent) const {
        const std::scoped_lock lock(mutex_);
        const auto found = blobs_.find(extent.blob);
        const bool is_doubtful =
            found != blobs_.end() && !found->second.read_back.contains(extent.offset.value);
        if (!is_doubtful) {
            return std::nullopt;
        }
        Error error = found->second.error;
        error.may_be_read_back = extent.blob.is_shared();
        return error;
    }
    void forget(BlobId blob) {
        const std::scoped_lock lock(mutex_);
        blobs_.erase(blob);
    }

  private:
    struct Lost {
        Error error;
        std::set<std::uint64_t> read_back;  // offsets of extents
    };

    std::array<std::mutex, 16> turns_;
    mutable std::mutex mutex_;  // guards all below
    std::map<BlobId, Lost> blobs_;
};

}  // namespace sluice
