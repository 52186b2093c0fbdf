#include "store/disk/pack_log.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/signal.hpp"

namespace sluice::disk {
namespace {

// Of one write: less than IOV_MAX.
constexpr std::size_t pieces_max = 512;

off_t as_off(std::uint64_t value) {
    return static_cast<off_t>(value);
}

// A number that no pack had before: a blob's number is never used twice.
Result<BlobId> fresh_id() {
    std::uint64_t number = 0;
    if (::getrandom(&number, sizeof number, 0) != sizeof number) {
        return system_error(errno, "getrandom");
    }
    return BlobId{number | shared_blob_bit};
}

Result<void> write_vector(int file, std::vector<iovec> pieces, std::uint64_t at) {
    std::span<iovec> rest = pieces;
    while (!rest.empty()) {
        const ssize_t count =
            ::pwritev(file, rest.data(), static_cast<int>(rest.size()), as_off(at));
        if (count < 0 && errno != EINTR) {
            return system_error(errno, "write to pack");
        }
        auto written = static_cast<std::size_t>(std::max<ssize_t>(count, 0));
        at += written;
        while (!rest.empty() && written >= rest.front().iov_len) {
            written -= rest.front().iov_len;
            rest = rest.subspan(1);
        }
        if (written > 0) {
            rest.front().iov_base = static_cast<char*>(rest.front().iov_base) + written;
            rest.front().iov_len -= written;
        }
    }
    return ok();
}

Result<void> punch(int file, std::uint64_t at, std::uint64_t length) {
    constexpr int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    if (length == 0 || ::fallocate(file, mode, as_off(at), as_off(length)) == 0) {
        return ok();
    }
    const bool cannot = errno == EOPNOTSUPP || errno == ENOSYS;
    return cannot ? ok() : system_error(errno, "punch a hole");
}

std::uint64_t key_of(const Extent& extent) {
    // Offsets are whole blocks, far below 2^40 of them; the number of a pack is random.
    return extent.blob.value ^ (extent.offset.value / pack_block);
}

}  // namespace

Result<std::vector<Extent>> held_ranges(int file, BlobId id) {
    std::vector<Extent> ranges;
    off_t end = 0;
    for (off_t data = ::lseek(file, 0, SEEK_DATA); data >= 0;
         data = ::lseek(file, end, SEEK_DATA)) {
        end = ::lseek(file, data, SEEK_HOLE);
        if (end < 0) {
            break;
        }
        const std::uint64_t begin = static_cast<std::uint64_t>(data) / pack_block * pack_block;
        const std::uint64_t behind = whole_blocks(static_cast<std::uint64_t>(end));
        if (!ranges.empty() && ranges.back().offset + ranges.back().length >= ByteOffset{begin}) {
            ranges.back().length = ByteCount{behind - ranges.back().offset.value};
        } else {
            ranges.push_back({id, {begin}, {behind - begin}});
        }
    }
    return errno == ENXIO ? Result<std::vector<Extent>>(std::move(ranges))
                          : system_error(errno, "seek in a pack");
}

struct PackLog::Waiting {
    const PackBuffers::Buffer& buffer;
    ByteCount length;
    Result<Extent> outcome = Extent{};
    bool leads = false;
    Signal turned;  // it is done, or it leads

    std::uint64_t blocks_length() const { return whole_blocks(length.value); }
};

PackLog::~PackLog() {
    retire(false);
}

Result<void> PackLog::trim_abandoned() {
    Result<void> trimmed = ok();
    auto walked = directory_.walk_packs([&](const BlobDirectory::Entry& entry) {
        const auto file = directory_.open_file(entry.id, O_RDWR);
        struct stat status{};
        if (!file || ::fstat(file->get(), &status) != 0) {
            return true;
        }
        const auto held = held_ranges(file->get(), entry.id);
        if (!held) {
            return true;  // nothing is given back
        }
        const std::uint64_t end =
            held->empty() ? 0 : (held->back().offset + held->back().length).value;
        const auto size = static_cast<std::uint64_t>(status.st_size);
        // Cut and not punched, so that it is changed once, and is old for the sweep some day.
        if (end < size && ::ftruncate(file->get(), as_off(end)) != 0) {
            trimmed = system_error(errno, "cut a pack");
        }
        return trimmed.has_value();
    });
    return walked ? trimmed : walked;
}

Result<Extent> PackLog::add(const PackBuffers::Buffer& buffer, ByteCount length) {
    Waiting own{.buffer = buffer, .length = length};
    std::memset(buffer.data() + length.value, 0, own.blocks_length() - length.value);
    bool is_first = false;
    {
        const std::scoped_lock lock(mutex_);
        waiting_.push_back(&own);
        is_first = !std::exchange(is_led_, true);
    }
    if (!is_first) {
        own.turned.wait();
    }
    if (is_first || own.leads) {
        lead(own);
    }
    return own.outcome;
}

// Writes what waits, its own piece among it, and hands over to the first of those who came meanwhile.
void PackLog::lead(const Waiting& own) {
    before_blocking();
    Batch batch;
    {
        const std::scoped_lock lock(mutex_);
        batch = std::exchange(waiting_, {});
    }
    write_all_of(batch);
    std::vector<Signal*> turns;  // whoever has its signal may be gone
    turns.reserve(batch.size());
    for (Waiting* piece : batch) {
        if (piece != &own) {
            turns.push_back(&piece->turned);
        }
    }
    {
        const std::scoped_lock lock(mutex_);
        is_led_ = !waiting_.empty();
        if (is_led_) {
            // Last: on fibers of one thread the others go on before it writes.
            waiting_.front()->leads = true;
            turns.push_back(&waiting_.front()->turned);
        }
    }
    Signal::give_all(turns);
}

void PackLog::write_all_of(const Batch& batch) {
    std::span<Waiting* const> rest = batch;
    while (!rest.empty()) {
        // As much as one pack has room for, at least one piece.
        std::uint64_t sum = 0;
        std::size_t count = 0;
        while (count < std::min(rest.size(), pieces_max) &&
               (count == 0 || sum + rest[count]->blocks_length() <= options_.bytes.value)) {
            sum += rest[count++]->blocks_length();
        }
        auto written = make_room(sum);
        if (written) {
            written = write_some(rest.first(count));
        }
        if (!written) {
            retire(true);
        }
        settle(rest.first(count), written);
        rest = rest.subspan(count);
    }
}

void PackLog::settle(std::span<Waiting* const> pieces, const Result<void>& written) {
    for (Waiting* piece : pieces) {
        if (!written) {
            piece->outcome = written.error();
        } else if (options_.starts_max > 0) {
            keep_start(*piece->outcome, piece->buffer.data());
        }
    }
}

Result<void> PackLog::write_some(std::span<Waiting* const> batch) {
    std::vector<iovec> pieces;
    pieces.reserve(batch.size());
    std::uint64_t end = current_->used;
    for (Waiting* piece : batch) {
        piece->outcome = Extent{current_->id, {end}, piece->length};
        pieces.push_back({piece->buffer.data(), piece->blocks_length()});
        end += piece->blocks_length();
    }
    const std::uint64_t begin = std::exchange(current_->used, end);
    if (auto written = write_vector(current_->file.get(), std::move(pieces), begin); !written) {
        return written;
    }
    return options_.strict ? sync_file(current_->file.get()) : ok();
}

Result<void> PackLog::make_room(std::uint64_t wanted) {
    if (is_spoilt()) {
        retire(true);
    }
    if (current_ && current_->used + wanted <= current_->capacity) {
        return ok();
    }
    retire(false);
    auto made = make_pack(wanted);
    if (!made) {
        return std::move(made).error();
    }
    current_ = *std::move(made);
    const std::scoped_lock lock(mutex_);
    current_id_ = current_->id;
    return ok();
}

// Smaller where the disk has no room for a whole one.
Result<std::unique_ptr<PackLog::Pack>> PackLog::make_pack(std::uint64_t wanted) const {
    auto id = fresh_id();
    if (!id) {
        return std::move(id).error();
    }
    auto pack = std::make_unique<Pack>(Pack{.id = *id, .file = UniqueFd(), .capacity = 0});
    const int flags = O_RDWR | O_CREAT | O_EXCL;
    auto file = directory_.open_file(*id, flags | O_DIRECT);
    if (!file) {
        static_cast<void>(directory_.unlink(*id));
        file = directory_.open_file(*id, flags);  // a file system that knows no direct I/O
    }
    if (!file) {
        return std::move(file).error();
    }
    pack->file = *std::move(file);
    pack->capacity = std::max(wanted, options_.bytes.value);
    auto reserved = reserve(pack->file.get(), {0}, {pack->capacity});
    while (!reserved && reserved.error().code == ErrorCode::storage_full && pack->capacity > wanted
    ) {
        pack->capacity = std::max(wanted, whole_blocks(pack->capacity / 4));
        reserved = reserve(pack->file.get(), {0}, {pack->capacity});
    }
    if (reserved && ::fsync(pack->file.get()) != 0) {
        reserved = system_error(errno, "sync pack");
    }
    if (reserved) {
        reserved = directory_.sync_folder_of(*id);
    }
    if (!reserved) {
        static_cast<void>(directory_.unlink(*id));
        return std::move(reserved).error();
    }
    return pack;
}

// No more pieces go there. One that holds nothing goes away; after a failure nobody knows what it
// holds, and it stays as it is.
void PackLog::retire(bool has_failed) {
    if (!current_) {
        return;
    }
    const auto pack = std::move(current_);
    if (pack->used == 0) {
        static_cast<void>(directory_.unlink(pack->id));
    } else if (!has_failed) {
        // What fails here only leaves some space reserved.
        static_cast<void>(::ftruncate(pack->file.get(), as_off(pack->used)));
    }
    const std::scoped_lock lock(mutex_);
    current_id_ = {};
}

Result<void> PackLog::remove(const Extent& extent) {
    forget_start(extent);
    auto file = directory_.open_file(extent.blob, O_RDWR);
    if (!file) {
        return file.error().code == ErrorCode::store_not_found ? ok() : Result<void>(file.error());
    }
    return punch(file->get(), extent.offset.value, whole_blocks(extent.length.value));
}

void PackLog::spoil(BlobId id) {
    const std::scoped_lock lock(mutex_);
    spoilt_id_ = id == current_id_ ? id : spoilt_id_;
}

bool PackLog::is_spoilt() {
    const std::scoped_lock lock(mutex_);
    return current_ && current_->id == spoilt_id_;
}

bool PackLog::is_current(BlobId id) {
    const std::scoped_lock lock(mutex_);
    return id == current_id_;
}

void PackLog::keep_start(const Extent& extent, const std::byte* bytes) {
    const std::scoped_lock lock(starts_mutex_);
    if (starts_.size() < options_.starts_max) {
        starts_.emplace_back();
    } else {
        start_at_.erase(key_of(starts_[next_start_].extent));
    }
    Start& start = starts_[next_start_];
    start.extent = extent;
    std::copy_n(
        bytes, std::min<std::uint64_t>(start_length, extent.length.value), start.bytes.begin()
    );
    start_at_[key_of(extent)] = next_start_;
    next_start_ = (next_start_ + 1) % options_.starts_max;
}

bool PackLog::read_start(const Extent& extent, ByteOffset offset, std::span<std::byte> bytes) {
    if (offset.value + bytes.size() > start_length) {
        return false;
    }
    const std::scoped_lock lock(starts_mutex_);
    const auto found = start_at_.find(key_of(extent));
    if (found == start_at_.end() || starts_[found->second].extent != extent) {
        return false;
    }
    std::copy_n(
        starts_[found->second].bytes.begin() + as_off(offset.value), bytes.size(), bytes.begin()
    );
    return true;
}

void PackLog::forget_start(const Extent& extent) {
    const std::scoped_lock lock(starts_mutex_);
    start_at_.erase(key_of(extent));
}

}  // namespace sluice::disk
