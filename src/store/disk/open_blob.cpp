#include "store/disk/open_blob.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
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

// So that a file that cannot fit takes nothing from others on the way to its error.
Result<void> look_for_room(int file, ByteCount wanted) {
    struct statvfs status{};
    const bool is_short = ::fstatvfs(file, &status) == 0 && status.f_blocks > 0 &&
                          std::uint64_t{status.f_bavail} * status.f_frsize < wanted.value;
    return is_short ? Result<void>(system_error(ENOSPC, "reserve space")) : ok();
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

Result<void> reserve(int file, ByteOffset at, ByteCount length) {
    while (length.value > 0 && ::fallocate(file, 0, as_off(at.value), as_off(length.value)) != 0) {
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

Result<void> OpenBlob::open() {
    if (is_open_) {
        return ok();
    }
    const std::scoped_lock lock(mutex_);
    auto opened = open_file();
    const bool is_missing = !opened && opened.error().code == ErrorCode::store_not_found;
    return is_missing ? make_file() : std::move(opened);
}

// These three under mutex_.
Result<void> OpenBlob::open_file() {
    if (is_open_) {
        return ok();
    }
    auto file = directory_.open_file(id_, O_RDWR);
    if (!file) {
        return std::move(file).error();
    }
    hold(*std::move(file));
    return ok();
}

Result<void> OpenBlob::make_file() {
    auto file = directory_.open_file(id_, O_RDWR | O_CREAT | O_EXCL);
    if (!file) {
        return std::move(file).error();
    }
    auto reserved = terms_.reserves_in_steps ? look_for_room(file->get(), terms_.reserved)
                                             : reserve(file->get(), {0}, terms_.reserved);
    if (reserved && is_removed_) {
        reserved = Error{.code = ErrorCode::store_conflict, .detail = "the blob was removed"};
    }
    if (!reserved) {
        static_cast<void>(directory_.unlink(id_));
        return reserved;
    }
    unreserved_ = terms_.reserves_in_steps ? terms_.reserved.value : 0;
    is_made_here_ = true;
    hold(*std::move(file));
    return ok();
}

void OpenBlob::hold(UniqueFd file) {
    if (terms_.is_direct) {
        if (auto direct = directory_.open_file(id_, O_WRONLY | O_DIRECT)) {
            direct_file_ = *std::move(direct);
        }
    }
    file_ = std::move(file);
    is_open_ = true;
}

Result<void> OpenBlob::reserve_more(ByteCount most) {
    const std::scoped_lock lock(mutex_);
    const std::uint64_t left = unreserved_;
    const ByteCount step{std::min(most.value, left)};
    auto reserved = reserve(file(), {terms_.reserved.value - left}, step);
    if (reserved) {
        unreserved_ = left - step.value;
    }
    return reserved;
}

Result<void> OpenBlob::sync() {
    std::unique_lock lock(mutex_);
    const std::uint64_t own = ++asked_;
    while (!failed_ && done_ < own) {
        if (is_running_) {
            const std::uint32_t round = rounds_;
            lock.unlock();
            rounds_.wait(round);
            lock.lock();
            continue;
        }
        is_running_ = true;
        const std::uint64_t covered = asked_;
        lock.unlock();
        auto synced = sync_now();
        lock.lock();
        is_running_ = false;
        done_ = covered;
        if (!synced) {
            failed_ = std::move(synced).error();
        }
        ++rounds_;
        rounds_.notify_all();
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
