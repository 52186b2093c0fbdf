// The store of bytes that --storage names, and what differs between the two beside the seam: how what
// nobody names is found, and what there is to say of it. One of `disk` and `bucket` is there; both are
// the same as `store`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "service/fsck.hpp"
#include "store/disk/disk_blob_store.hpp"
#include "store/s3/s3_blob_store.hpp"

namespace sluice::server {

struct BlobEngine {
    std::unique_ptr<BlobStore> store;
    DiskBlobStore* disk = nullptr;
    S3BlobStore* bucket = nullptr;
    std::string shared_folder;  // that nodes have in common; empty: none

    using IsKnown = std::function<bool(BlobId)>;
    // At the start of a server, before any upload: what a process that died has left on the disk. A
    // bucket is looked through later.
    Result<std::uint32_t> remove_orphans(const IsKnown& is_known, WallTime before);
    // Beside uploads, again and again.
    Result<std::uint32_t> sweep(const OrphanLook& look);
    // Whether a clean stop says nothing about the bytes: what was acknowledged is not on this machine.
    bool is_elsewhere() const { return bucket != nullptr || is_shared_folder(); }
    bool is_shared_folder() const { return !shared_folder.empty(); }
    // No move of a shared folder's bytes to a bucket has begun. A move looks for nodes first, so one that
    // asks when the others know it is not overlooked.
    Result<void> check_is_still_here() const;
    void add_metrics(Metrics& metrics) const;

    // For fsck.
    Result<void> each_file(const Fsck::VisitFile& visit) const;
    Result<void> each_pack(const Fsck::VisitPack& visit) const;
};

// The folder that "file:///FOLDER" names; nothing for anything else.
std::optional<std::string> shared_folder_of(const std::string& storage);
// Whatever the marks in the directory say.
Result<BlobEngine> open_disk(const std::string& data, bool is_strict);
// The same, for who moves bytes into it.
Result<BlobEngine> open_bucket(const std::string& url, const std::string& data, const Clock& clock);
// Not while a move of the directory's bytes is unfinished. `storage`: "disk", "file:///FOLDER" or a URL of S3; `data`: the directory, which this process holds.
Result<BlobEngine> open_blobs(
    const std::string& storage, const std::string& data, bool is_strict, const Clock& clock
);

}  // namespace sluice::server
