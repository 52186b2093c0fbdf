// BlobDirectory: where the file of a blob is. 256 leaf folders (16 x 16, by a hash of the id) made
// and synced when the store opens, so that a new blob costs one sync of one folder; a file's name
// is its id in 16 hexadecimal digits. Blobs that uploads share have a folder of their own, so that a
// start finds them at once. Everything is opened relative to the root's descriptor and
// never through a symbolic link. Thread-safe: it has no state but that descriptor.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace sluice::disk {

// "3/f/0123456789abcdef", "packs/8123456789abcdef"
std::string relative_path_of(BlobId id);
std::optional<BlobId> parse_blob_name(std::string_view name);

class BlobDirectory {
  public:
    // Makes what is missing: folders 0700.
    static Result<BlobDirectory> open(const std::string& path);

    // openat(2) with O_CLOEXEC and O_NOFOLLOW; new files are 0600. ENOENT is store_not_found,
    // EEXIST store_conflict.
    Result<UniqueFd> open_file(BlobId id, int flags) const;
    // No error if it is not there.
    Result<void> unlink(BlobId id) const;
    // Makes the entry of the blob survive power loss.
    Result<void> sync_folder_of(BlobId id) const;
    // Moves a file from outside to the place of the blob, which must be free. False: the file is on
    // another file system, copy it.
    Result<bool> move_in(const std::string& path, BlobId id) const;
    std::string path_of(BlobId id) const { return path_ + "/" + relative_path_of(id); }
    int root() const { return root_.get(); }

    // Every file that bears a blob's name, folder by folder from `first_folder` (0 to 255) around;
    // stops when `visit` says false.
    struct Entry {
        BlobId id;
        WallTime changed_at;
    };
    Result<void> walk(unsigned first_folder, const std::function<bool(const Entry&)>& visit) const;
    // The same of shared blobs alone, which walk() does not visit.
    Result<void> walk_packs(const std::function<bool(const Entry&)>& visit) const;

  private:
    BlobDirectory(std::string path, UniqueFd root)
        : path_(std::move(path)), root_(std::move(root)) {}

    std::string path_;
    UniqueFd root_;
};

}  // namespace sluice::disk
