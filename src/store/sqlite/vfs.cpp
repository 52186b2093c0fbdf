#include "store/sqlite/vfs.hpp"

#include <sqlite3.h>
#include <sys/mman.h>

#include <cerrno>
#include <mutex>

namespace sluice::sqlite {
namespace {

// What SQLite's default does, and what is done in its place. Set once, the methods by the first file that is opened: there
// is one table of them for each way of locking, and one way is in use.
struct Layers {
    sqlite3_vfs* plain_vfs = nullptr;
    sqlite3_vfs our_vfs{};
    const sqlite3_io_methods* plain_methods = nullptr;
    sqlite3_io_methods our_methods{};
    std::once_flag methods_known;
};

Layers& layers() {
    static Layers layers;
    return layers;
}

int map_shared(sqlite3_file* file, int region, int size, int extends, volatile void** mapped) {
    errno = 0;
    const int code = layers().plain_methods->xShmMap(file, region, size, extends, mapped);
    if (code == SQLITE_IOERR_SHMSIZE && (errno == ENOSPC || errno == EDQUOT)) {
        return SQLITE_FULL;  // not even its size could be had
    }
    if (code != SQLITE_OK || *mapped == nullptr) {
        return code;
    }
    auto* memory = const_cast<void*>(*mapped);
    const bool is_there =
        ::madvise(memory, static_cast<std::size_t>(size), MADV_POPULATE_WRITE) == 0;
    if (is_there || errno != EFAULT) {  // EINVAL: a kernel that does not know it
        return SQLITE_OK;
    }
    *mapped = nullptr;  // SQLite knows the region, and asks again when there may be room
    return SQLITE_FULL;
}

int open_file(
    sqlite3_vfs* /*vfs*/, sqlite3_filename name, sqlite3_file* file, int flags, int* flags_out
) {
    Layers& known = layers();
    const int code = known.plain_vfs->xOpen(known.plain_vfs, name, file, flags, flags_out);
    if (code != SQLITE_OK || (flags & SQLITE_OPEN_MAIN_DB) == 0 || file->pMethods->iVersion < 2) {
        return code;
    }
    std::call_once(known.methods_known, [&known, file] {
        known.plain_methods = file->pMethods;
        known.our_methods = *known.plain_methods;
        known.our_methods.xShmMap = map_shared;
    });
    if (file->pMethods == known.plain_methods) {
        file->pMethods = &known.our_methods;
    }
    return code;
}

const char* registered() {
    // Before anything else of SQLite. Nobody asks it how much memory it has; to know it, each of the hundred
    // allocations of an upload takes a lock of the process. Refused where SQLite is in use already: it counts on.
    static_cast<void>(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0));
    Layers& made = layers();
    made.plain_vfs = sqlite3_vfs_find(nullptr);
    made.our_vfs = *made.plain_vfs;
    made.our_vfs.pNext = nullptr;
    made.our_vfs.zName = "sluice";
    made.our_vfs.xOpen = open_file;
    return sqlite3_vfs_register(&made.our_vfs, 0) == SQLITE_OK ? made.our_vfs.zName : nullptr;
}

}  // namespace

const char* vfs_name() {
    static const char* const name = registered();
    return name;
}

}  // namespace sluice::sqlite
