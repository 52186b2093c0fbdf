#include "store/sqlite/vfs.hpp"

#include <sqlite3.h>
#include <sys/mman.h>

#include <cerrno>
#include <mutex>

namespace sluice::sqlite {
namespace {

// What SQLite's default does. Set once, the table of functions by the first file that is opened: there
// is one for each way of locking, and one way is in use.
sqlite3_vfs* plain_vfs = nullptr;
sqlite3_vfs our_vfs{};
const sqlite3_io_methods* plain_methods = nullptr;
sqlite3_io_methods our_methods{};
std::once_flag methods_known;

int map_shared(sqlite3_file* file, int region, int size, int extends, volatile void** mapped) {
    errno = 0;
    const int code = plain_methods->xShmMap(file, region, size, extends, mapped);
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
    const int code = plain_vfs->xOpen(plain_vfs, name, file, flags, flags_out);
    if (code != SQLITE_OK || (flags & SQLITE_OPEN_MAIN_DB) == 0 || file->pMethods->iVersion < 2) {
        return code;
    }
    std::call_once(methods_known, [file] {
        plain_methods = file->pMethods;
        our_methods = *plain_methods;
        our_methods.xShmMap = map_shared;
    });
    if (file->pMethods == plain_methods) {
        file->pMethods = &our_methods;
    }
    return code;
}

const char* registered() {
    // Before anything else of SQLite. Nobody asks it how much memory it has; to know it, each of the hundred
    // allocations of an upload takes a lock of the process. Refused where SQLite is in use already: it counts on.
    static_cast<void>(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0));
    plain_vfs = sqlite3_vfs_find(nullptr);
    our_vfs = *plain_vfs;
    our_vfs.pNext = nullptr;
    our_vfs.zName = "sluice";
    our_vfs.xOpen = open_file;
    return sqlite3_vfs_register(&our_vfs, 0) == SQLITE_OK ? our_vfs.zName : nullptr;
}

}  // namespace

const char* vfs_name() {
    static const char* const name = registered();
    return name;
}

}  // namespace sluice::sqlite
