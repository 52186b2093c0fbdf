// What DiskBlobStore does to know what is on the disk.
#include <fcntl.h>

#include "store/disk/disk_blob_store.hpp"

namespace sluice {

// Of a pack, all who finish at the same time want the same.
Result<void> DiskBlobStore::make_durable(const std::vector<Extent>& layout) {
    for (const Extent& extent : layout) {
        if (options_.strict) {
            break;
        }
        if (auto doubt = lost_syncs_.doubt_of(extent)) {
            return *std::move(doubt);
        }
        bool is_own = false;
        const auto synced = syncs_.run(extent.blob, [&] {
            is_own = true;
            return sync_whole(extent.blob);
        });
        if (!synced && is_own) {
            return synced;
        }
        // Also if another's sync failed after the look before.
        if (auto doubt = lost_syncs_.doubt_of(extent)) {
            return *std::move(doubt);
        }
        if (!synced) {
            return synced;
        }
    }
    return ok();
}

Result<void> DiskBlobStore::sync_whole(BlobId blob) {
    const auto turn = lost_syncs_.turn_of(blob);
    auto file = directory_.open_file(blob, O_RDWR);
    if (!file) {
        return std::move(file).error();
    }
    if (auto synced = disk::sync_file(file->get()); !synced) {
        lost_syncs_.note(blob, synced.error());
        packs_.spoil(blob);
        return synced;
    }
    return blob.is_shared() ? ok() : directory_.sync_folder_of(blob);  // a pack's: when it was made
}

Result<void> DiskBlobStore::drop_cached(const Extent& extent) {
    packs_.forget_start(extent);
    auto file = directory_.open_file(extent.blob, O_RDONLY);
    if (!file) {
        return std::move(file).error();
    }
    // A hint; what is still dirty stays, and is no witness of the disk then. On a file system
    // without a disk (tmpfs) there is nothing to drop.
    const auto at = static_cast<off_t>(extent.offset.value);
    const auto length = static_cast<off_t>(extent.length.value);
    const int failed = ::posix_fadvise(file->get(), at, length, POSIX_FADV_DONTNEED);
    if (failed != 0) {
        return system_error(failed, "drop cached pages");
    }
    lost_syncs_.read_back(extent);
    return ok();
}

}  // namespace sluice
