#include "store/disk/copy_file.hpp"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace sluice::disk {
namespace {

Result<void> write_all(int to, const char* bytes, std::size_t count, off_t at) {
    while (count > 0) {
        const ssize_t written = ::pwrite(to, bytes, count, at);
        if (written < 0 && errno != EINTR) {
            return system_error(errno, "write a copy");
        }
        const auto done = static_cast<std::size_t>(std::max<ssize_t>(written, 0));
        bytes += done;
        count -= done;
        at += static_cast<off_t>(done);
    }
    return ok();
}

// Where the kernel cannot copy from one of the two to the other.
Result<void> copy_by_hand(int from, int to, off_t begin, off_t end) {
    std::array<char, 256 * 1024> buffer;
    while (begin < end) {
        const auto wanted = std::min<off_t>(end - begin, buffer.size());
        const ssize_t count = ::pread(from, buffer.data(), static_cast<std::size_t>(wanted), begin);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return system_error(errno, "read what is copied");
        }
        if (count == 0) {
            return ok();  // it was cut meanwhile
        }
        auto written = write_all(to, buffer.data(), static_cast<std::size_t>(count), begin);
        if (!written) {
            return written;
        }
        begin += count;
    }
    return ok();
}

Result<void> copy_range(int from, int to, off_t begin, off_t end) {
    off_t source = begin;
    off_t target = begin;
    while (source < end) {
        const auto left = static_cast<std::size_t>(end - source);
        const ssize_t count = ::copy_file_range(from, &source, to, &target, left, 0);
        if (count == 0) {
            return ok();
        }
        if (count < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS)) {
            return copy_by_hand(from, to, source, end);
        }
        if (count < 0 && errno != EINTR) {
            return system_error(errno, "copy a file");
        }
    }
    return ok();
}

Result<ByteCount> copy_data(int from, int to, off_t size) {
    std::uint64_t sum = 0;
    off_t begin = ::lseek(from, 0, SEEK_DATA);
    while (begin >= 0 && begin < size) {
        const off_t hole = ::lseek(from, begin, SEEK_HOLE);
        const off_t end = hole < 0 ? size : std::min(hole, size);
        if (auto copied = copy_range(from, to, begin, end); !copied) {
            return std::move(copied).error();
        }
        sum += static_cast<std::uint64_t>(end - begin);
        begin = ::lseek(from, end, SEEK_DATA);
    }
    return ByteCount{sum};
}

}  // namespace

Result<ByteCount> copy_file(int from, int to) {
    struct stat facts{};
    if (::fstat(from, &facts) != 0) {
        return system_error(errno, "stat what is copied");
    }
    if (::ioctl(to, FICLONE, from) == 0) {
        return ByteCount{static_cast<std::uint64_t>(facts.st_size)};
    }
    if (::ftruncate(to, facts.st_size) != 0) {
        return system_error(errno, "size a copy");
    }
    return copy_data(from, to, facts.st_size);
}

}  // namespace sluice::disk
