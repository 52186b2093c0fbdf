#include "store/disk/open_blob.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

namespace sluice::disk {
namespace {

using namespace literals;

constexpr ByteCount write_back_every = 4_MiB;
constexpr ByteCount copy_buffer = 1_MiB;

off_t as_off(std::uint64_t value) {
    return static_cast<off_t>(value);
}

// What copy_file_range(2) cannot do (other file systems, old kernels).
Result<void> append_by_buffer(int from, ByteOffset at, ByteCount length, int to) {
    std::vector<std::byte> buffer(std::min(copy_buffer, length).value);
    while (length.value > 0) {
        const auto piece =
            std::span(buffer).first(std::min<std::size_t>(buffer.size(), length.value));
        if (auto done = read_all(from, at, piece); !done) {
            return done;
        }
        const off_t end = ::lseek(to, 0, SEEK_END);
        if (end < 0) {
            return system_error(errno, "seek");
        }
        if (auto done = write_all(to, {static_cast<std::uint64_t>(end)}, piece); !done) {
            return done;
        }
        at = at + ByteCount{piece.size()};
        length = length - ByteCount{piece.size()};
    }
    return ok();
}

Error too_short() {
    return {
        .code = ErrorCode::storage_failed, .detail = "the blob is too short", .is_too_short = true
    };
}

bool is_unsupported(int error_number) {
    constexpr std::array unsupported{EOPNOTSUPP, ENOSYS, EINVAL, EXDEV};
    return std::ranges::find(unsupported, error_number) != unsupported.end();
}

}  // namespace

Result<void> write_all(int file, ByteOffset at, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::pwrite(file, bytes.data(), bytes.size(), as_off(at.value));
        if (count < 0 && errno != EINTR) {
            return system_error(errno, "write");
        }
        const auto written = static_cast<std::size_t>(std::max<ssize_t>(count, 0));
        bytes = bytes.subspan(written);
        at = at + ByteCount{written};
    }
    return ok();
}

Result<void> read_all(int file, ByteOffset at, std::span<std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::pread(file, bytes.data(), bytes.size(), as_off(at.value));
        if (count == 0) {
            return too_short();
        }
        if (count < 0 && errno != EINTR) {
            return system_error(errno, "read");
        }
        const auto have = static_cast<std::size_t>(std::max<ssize_t>(count, 0));
        bytes = bytes.subspan(have);
        at = at + ByteCount{have};
    }
    return ok();
}

Result<void> append_range(int from, ByteOffset at, ByteCount length, int to) {
    off_t offset = as_off(at.value);
    while (length.value > 0) {
        if (::lseek(to, 0, SEEK_END) < 0) {
            return system_error(errno, "seek");
        }
        const ssize_t count = ::copy_file_range(from, &offset, to, nullptr, length.value, 0);
        if (count == 0) {
            return too_short();
        }
        if (count < 0 && is_unsupported(errno)) {
            return append_by_buffer(from, {static_cast<std::uint64_t>(offset)}, length, to);
        }
        if (count < 0 && errno != EINTR) {
            return system_error(errno, "copy");
        }
        length = length - ByteCount{static_cast<std::uint64_t>(std::max<ssize_t>(count, 0))};
    }
    return ok();
}

Result<void> reserve(int file, ByteCount length) {
    while (length.value > 0 && ::fallocate(file, 0, 0, as_off(length.value)) != 0) {
        if (errno == EOPNOTSUPP || errno == ENOSYS) {
            return ok();
        }
        if (errno != EINTR) {
            return system_error(errno, "reserve space");
        }
    }
    return ok();
}

Result<void> sync_file(int file) {
    if (::fdatasync(file) == 0) {
        return ok();
    }
    const int error_number = errno;
    // The cache goes on showing what the disk has not: whoever reads now shall see the disk.
    static_cast<void>(::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED));
    return sync_error(error_number, "fdatasync");
}

Result<void> OpenBlob::sync() {
    std::unique_lock lock(mutex_);
    const std::uint64_t own = ++asked_;
    while (!failed_ && done_ < own) {
        if (is_running_) {
            synced_.wait(lock);
            continue;
        }
        is_running_ = true;
        const std::uint64_t covered = asked_;
        lock.unlock();
        auto synced = sync_now();
        lock.lock();
        is_running_ = false;
        done_ = covered;
        failed_ = synced ? failed_ : std::optional(synced.error());
        synced_.notify_all();
    }
    return failed_ ? Result<void>(*failed_) : ok();
}

// Only one at a time, so has_new_entry_ is its own to change.
Result<void> OpenBlob::sync_now() {
    if (auto synced = sync_file(file_.get()); !synced) {
        return synced;
    }
    if (has_new_entry_) {
        if (auto synced = directory_.sync_folder_of(id_); !synced) {
            return synced;
        }
        has_new_entry_ = false;
    }
    return ok();
}

void WriteBack::wrote(int file, ByteOffset end, ByteCount length) {
    pending_ += length;
    if (pending_ >= write_back_every) {
        // Its Error, if any, comes again at the sync.
        static_cast<void>(::sync_file_range(
            file, as_off(end.value - pending_.value), as_off(pending_.value), SYNC_FILE_RANGE_WRITE
        ));
        pending_ = {};
    }
}

}  // namespace sluice::disk
