#include "store/disk/write_ways.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/unique_fd.hpp"

namespace sluice::disk {
namespace {

constexpr const char* probe_name = ".direct-io-probe";
// Of the page cache as well: blocks that two ways of writing share are pages of their own.
constexpr std::size_t block = 4096;

bool is_in_memory(int folder) {
    struct statfs status{};
    return ::fstatfs(folder, &status) == 0 &&
           (status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC);
}

// Some file systems open a file for direct I/O and refuse the write, so one is tried.
bool takes_direct_writes(int folder) {
    const UniqueFd file(::openat(
        folder,
        probe_name,
        O_WRONLY | O_CREAT | O_TRUNC | O_DIRECT | O_NOFOLLOW | O_CLOEXEC,
        S_IRUSR | S_IWUSR
    ));
    if (!file) {
        return false;
    }
    const std::unique_ptr<void, void (*)(void*)> bytes(::aligned_alloc(block, block), ::free);
    std::memset(bytes.get(), 0, block);
    const bool is_written =
        ::pwrite(file.get(), bytes.get(), block, 0) == static_cast<ssize_t>(block);
    ::unlinkat(folder, probe_name, 0);
    return is_written;
}

}  // namespace

WriteWays find_write_ways(int folder) {
    if (is_in_memory(folder)) {
        return {.is_memory = true};
    }
    return {.direct_block = takes_direct_writes(folder) ? block : 0};
}

std::string_view name_of(const WriteWays& ways) {
    if (ways.is_memory) {
        return "memory";
    }
    return ways.direct_block > 0 ? "direct" : "page cache";
}

}  // namespace sluice::disk
