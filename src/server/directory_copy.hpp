// Copies the bytes of a data directory into another one, by what the rows there name, for backup and
// restore. The source may be in use: bytes that were acknowledged do not change, but what is deleted
// meanwhile is gone. Blocking.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "service/fsck.hpp"
#include "store/disk/blob_directory.hpp"
#include "store/metadata_store.hpp"

namespace sluice::server {

class DirectoryCopy {
  public:
    // Both are data directories; the target's is made.
    static Result<DirectoryCopy> between(const std::string& from, const std::string& to);

    // The files of all uploads that are not over. Again, with later rows: what did not change since is
    // not read again, and what is named no more goes. Returns the uploads of which a file was not
    // there.
    Result<std::vector<MediaId>> copy(MetadataStore& rows);
    // Everything of the target's file system.
    Result<void> sync() const;

    std::uint64_t files() const { return copied_.size(); }
    std::uint64_t bytes() const { return bytes_; }  // read, holes not counted

  private:
    struct Stamp {
        std::int64_t size = 0;
        std::int64_t changed_ns = 0;
        std::uint64_t round = 0;
    };

    DirectoryCopy(disk::BlobDirectory from, disk::BlobDirectory to)
        : from_(std::move(from)), to_(std::move(to)) {}
    // Adds it to `incomplete` if a file of it is not there.
    Result<void> copy_upload(MetadataStore& rows, MediaId id, std::vector<MediaId>& incomplete);
    // False: it is not there.
    Result<bool> copy_blob(BlobId blob);
    Result<void> drop_unnamed();

    disk::BlobDirectory from_;
    disk::BlobDirectory to_;
    std::map<BlobId, Stamp> copied_;
    std::uint64_t round_ = 0;
    std::uint64_t bytes_ = 0;
};

// Reads every byte that the rows name in the directory; see Fsck.
Result<FsckCounts> check_bytes(
    MetadataStore& rows, const std::string& directory, const Fsck::Report& report
);

}  // namespace sluice::server
