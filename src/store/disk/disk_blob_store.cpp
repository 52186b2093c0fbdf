#include "store/disk/disk_blob_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/file_checksum.hpp"
#include "base/signal.hpp"
#include "store/disk/blob_writers.hpp"
#include "store/disk/pack_writer.hpp"

namespace sluice {
namespace {

// Less is written faster by one call through the page cache.
constexpr ByteCount direct_total_min{64 * 1024};

Error refused(ErrorCode code, std::string detail) {
    return {.code = code, .detail = std::move(detail)};
}

Result<ByteCount> size_of(int file) {
    struct stat status{};
    if (::fstat(file, &status) != 0) {
        return system_error(errno, "fstat");
    }
    if (!S_ISREG(status.st_mode)) {
        return refused(ErrorCode::storage_failed, "not a regular file");
    }
    return ByteCount{static_cast<std::uint64_t>(status.st_size)};
}

Result<void> sync_parent_of(const std::string& path) {
    const auto parent = std::filesystem::path(path).parent_path();
    const std::string folder = parent.empty() ? "." : parent.string();
    const UniqueFd opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened || ::fsync(opened.get()) != 0) {
        return sync_error(errno, "sync folder " + folder);
    }
    return ok();
}

// What earlier writers and the caller's records say is there.
ByteRanges taken_in(const Placement& placement, ByteRanges taken) {
    for (const Extent& extent : placement.committed) {
        if (extent.blob == placement.blob) {
            taken.add(extent.offset, extent.length);
        }
    }
    return taken;
}

bool is_inside(const Placement& placement) {
    return placement.at.value <= placement.total.value &&
           placement.length_max.value <= placement.total.value - placement.at.value;
}

}  // namespace

Result<std::unique_ptr<DiskBlobStore>> DiskBlobStore::open(
    const std::string& directory, DiskOptions options
) {
    auto opened = disk::BlobDirectory::open(directory);
    if (!opened) {
        return std::move(opened).error();
    }
    if (options.is_shared) {
        options.packed_max = {0};
    }
    std::unique_ptr<DiskBlobStore> store(new DiskBlobStore(*std::move(opened), options));
    if (options.is_shared) {
        return store;  // what looks abandoned may be another's
    }
    if (auto trimmed = store->packs_.trim_abandoned(); !trimmed) {
        return std::move(trimmed).error();
    }
    return store;
}

disk::WriteWays DiskBlobStore::choose_ways() const {
    disk::WriteWays ways = disk::find_write_ways(directory_.root());
    if (!options_.direct) {
        ways.direct_block = 0;
    }
    return ways;
}

DiskBlobStore::DiskBlobStore(disk::BlobDirectory directory, DiskOptions options)
    : directory_(std::move(directory)),
      options_(options),
      ways_(choose_ways()),
      pack_buffers_(options.packed_max.value, options.pack_buffers_max),
      packs_(directory_, {.strict = options.strict, .bytes = options.pack_bytes}) {}

DiskBlobStore::Known& DiskBlobStore::touch(BlobId id) {
    const auto [known, is_new] = known_.try_emplace(id);
    if (is_new) {
        known->second.age = ages_.insert(ages_.end(), id);
        forget_oldest();
    } else {
        ages_.splice(ages_.end(), ages_, known->second.age);
    }
    return known->second;
}

void DiskBlobStore::forget_oldest() {
    auto age = ages_.begin();
    // The last one is the one just touched.
    while (known_.size() > options_.remembered_max && std::next(age) != ages_.end()) {
        const auto known = known_.find(*age++);
        if (known->second.in_flight.empty()) {
            ages_.erase(known->second.age);
            known_.erase(known);
        }
    }
}

// The right to the range, while nobody else has it, and the file, which may have to be opened.
Result<std::shared_ptr<disk::OpenBlob>> DiskBlobStore::take_range(const Placement& placement) {
    const std::scoped_lock lock(mutex_);
    if (lost_syncs_.has(placement.blob)) {
        return refused(ErrorCode::store_conflict, "a sync of this blob has failed");
    }
    Known& known = touch(placement.blob);
    ByteRanges taken = taken_in(placement, known.committed);
    for (const RangeInFlight& other : known.in_flight) {
        taken.add(other.at, other.length);
    }
    const auto same = std::ranges::find(known.in_flight, placement.at, &RangeInFlight::at);
    if (same != known.in_flight.end() || taken.meets(placement.at, placement.length_max)) {
        return refused(ErrorCode::store_conflict, "the range is taken");
    }
    if (!known.open) {
        const disk::OpenTerms terms{
            .reserved = placement.is_reserved ? placement.total : ByteCount{},
            .reserves_in_steps = ways_.is_memory,
            .is_direct = ways_.direct_block > 0 && placement.total >= direct_total_min,
            // A file in which nothing was committed here may come from a process that died before its sync.
            .has_new_entry = known.committed.is_empty() || !options_.strict,
        };
        known.open = std::make_shared<disk::OpenBlob>(directory_, placement.blob, terms);
    }
    known.in_flight.push_back({placement.at, placement.length_max});
    return known.open;
}

Result<std::unique_ptr<BlobWriter>> DiskBlobStore::place(const Placement& placement) {
    if (!is_inside(placement)) {
        return refused(ErrorCode::store_conflict, "beyond the end of the upload");
    }
    if (options_.is_shared) {
        return refused(ErrorCode::store_conflict, "others write here");
    }
    if (placement.is_reserved && placement.total <= options_.packed_max) {
        if (auto buffer = pack_buffers_.take()) {
            return std::make_unique<disk::PackedWriter>(
                packs_, std::move(buffer), options_.packed_max
            );
        }
    }
    if (!ways_.is_memory) {
        before_blocking();
    }
    auto open = take_range(placement);
    if (!open) {
        return std::move(open).error();
    }
    // From here on it gives the range back if nothing comes of it.
    auto range = std::make_shared<PlacedRange>(*this, *open, placement.at);
    if (auto opened = (*open)->open(); !opened) {
        return std::move(opened).error();
    }
    return std::make_unique<PlacedBlobWriter>(std::move(range), placement.length_max);
}

// The bytes first, then the word that they are there.
Result<void> DiskBlobStore::commit_placed(
    const std::shared_ptr<disk::OpenBlob>& open, ByteOffset at, ByteCount written
) {
    if (options_.strict) {
        if (auto synced = open->sync(); !synced) {
            lost_syncs_.note(open->id(), synced.error());
            return synced;
        }
    }
    const std::scoped_lock lock(mutex_);
    const auto known = known_.find(open->id());
    if (known == known_.end() || known->second.open != open) {
        return refused(ErrorCode::store_conflict, "the blob was removed");
    }
    known->second.committed.add(at, written);
    release(known, at);
    return ok();
}

void DiskBlobStore::abandon_placed(const std::shared_ptr<disk::OpenBlob>& open, ByteOffset at) {
    const std::scoped_lock lock(mutex_);
    const auto known = known_.find(open->id());
    if (known != known_.end() && known->second.open == open) {
        release(known, at);
    }
}

// One writer fewer; the last one undoes a file that holds nothing.
void DiskBlobStore::release(KnownBlobs::iterator known, ByteOffset at) {
    Known& blob = known->second;
    std::erase_if(blob.in_flight, [at](const RangeInFlight& range) { return range.at == at; });
    if (!blob.in_flight.empty()) {
        return;
    }
    const bool is_made_here = blob.open->is_made_here();
    blob.open.reset();
    if (is_made_here && blob.committed.is_empty()) {
        static_cast<void>(directory_.unlink(known->first));
    }
}

Result<std::unique_ptr<BlobWriter>> DiskBlobStore::stage(BlobId id) {
    if (options_.packed_max.value == 0) {
        return stage_file(id);
    }
    auto buffer = pack_buffers_.take();
    if (!buffer) {
        return stage_file(id);
    }
    return std::make_unique<disk::PackedWriter>(
        packs_, std::move(buffer), options_.packed_max, [this, id] { return stage_file(id); }
    );
}

Result<std::unique_ptr<BlobWriter>> DiskBlobStore::stage_file(BlobId id) {
    before_blocking();
    auto file = directory_.open_file(id, O_RDWR | O_CREAT | O_EXCL);
    if (!file) {
        return std::move(file).error();
    }
    return std::make_unique<StagedBlobWriter>(directory_, id, *std::move(file), ways_);
}

Result<void> DiskBlobStore::read(
    const Extent& extent, ByteOffset offset, std::span<std::byte> bytes
) {
    const bool is_within =
        offset.value <= extent.length.value && bytes.size() <= extent.length.value - offset.value;
    if (!is_within) {
        return refused(ErrorCode::storage_failed, "beyond the end of the extent");
    }
    if (extent.blob.is_shared() && packs_.read_start(extent, offset, bytes)) {
        return ok();
    }
    before_blocking();
    auto file = directory_.open_file(extent.blob, O_RDONLY);
    if (!file) {
        return std::move(file).error();
    }
    return disk::read_all(file->get(), extent.offset + ByteCount{offset.value}, bytes);
}

bool DiskBlobStore::has_writers(BlobId id) {
    const std::scoped_lock lock(mutex_);
    const auto known = known_.find(id);
    return known != known_.end() && !known->second.in_flight.empty();
}

Result<bool> DiskBlobStore::is_whole_file(const std::vector<Extent>& layout) {
    const bool is_flat =
        layout.size() == 1 && layout.front().offset.value == 0 && !layout.front().blob.is_shared();
    if (!is_flat || has_writers(layout.front().blob)) {
        return false;
    }
    auto file = directory_.open_file(layout.front().blob, O_RDWR);
    if (!file) {
        return std::move(file).error();
    }
    const ByteCount wanted = layout.front().length;
    auto size = size_of(file->get());
    if (!size || *size < wanted) {
        return size ? refused(ErrorCode::storage_failed, "the blob is too short")
                    : std::move(size).error();
    }
    if (*size > wanted && ::ftruncate(file->get(), static_cast<off_t>(wanted.value)) != 0) {
        return system_error(errno, "truncate");
    }
    return true;
}

Result<void> DiskBlobStore::copy_to(const std::vector<Extent>& layout, const std::string& path) {
    const UniqueFd target(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR)
    );
    if (!target) {
        return system_error(errno, "create " + path);
    }
    for (const Extent& extent : layout) {
        auto source = directory_.open_file(extent.blob, O_RDONLY);
        auto copied =
            source ? disk::append_range(source->get(), extent.offset, extent.length, target.get())
                   : Result<void>(std::move(source).error());
        if (!copied) {
            ::unlink(path.c_str());
            return copied;
        }
    }
    return ok();
}

Result<std::string> DiskBlobStore::as_local_file(
    const std::vector<Extent>& layout, const std::string& scratch
) {
    auto is_whole = is_whole_file(layout);
    if (!is_whole) {
        return std::move(is_whole).error();
    }
    if (*is_whole) {
        return directory_.path_of(layout.front().blob);
    }
    if (auto copied = copy_to(layout, scratch); !copied) {
        return std::move(copied).error();
    }
    return scratch;
}

Result<AdoptedFile> DiskBlobStore::adopt_file(BlobId id, const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file) {
        return system_error(errno, "open " + path);
    }
    auto length = size_of(file.get());
    if (!length) {
        return std::move(length).error();
    }
    if (auto synced = disk::sync_file(file.get()); !synced) {
        return std::move(synced).error();
    }
    const auto crc = crc32c_of_file(file.get());
    if (!crc) {
        return crc.error();
    }
    ::fchmod(file.get(), S_IRUSR | S_IWUSR);
    auto moved = directory_.move_in(path, id);
    if (!moved) {
        return std::move(moved).error();
    }
    if (!*moved) {
        const auto extent = adopt_copy(id, path, file.get(), *length);
        return extent ? AdoptedFile{*extent, *crc} : Result<AdoptedFile>(extent.error());
    }
    if (auto synced = directory_.sync_folder_of(id); !synced) {
        return std::move(synced).error();
    }
    if (auto synced = sync_parent_of(path); !synced) {
        return std::move(synced).error();
    }
    return AdoptedFile{{id, {0}, *length}, *crc};
}

Result<Extent> DiskBlobStore::adopt_copy(
    BlobId id, const std::string& path, int file, ByteCount length
) {
    auto target = directory_.open_file(id, O_RDWR | O_CREAT | O_EXCL);
    if (!target) {
        return std::move(target).error();
    }
    StagedBlobWriter writer(directory_, id, *std::move(target));
    if (auto copied = writer.copy_from(file, length); !copied) {
        return std::move(copied).error();
    }
    auto extent = writer.commit();
    if (extent) {
        ::unlink(path.c_str());
    }
    return extent;
}

Result<void> DiskBlobStore::remove(const Extent& extent) {
    before_blocking();
    if (extent.blob.is_shared()) {
        return packs_.remove(extent);
    }
    // Held until the lock is given back: only then is its room freed, which takes longer than to forget its name. On a file
    // system of the network what is held gets another name instead.
    std::optional<Result<UniqueFd>> held;
    if (!options_.is_shared) {
        held = directory_.open_file(extent.blob, O_RDONLY);
    }
    const std::scoped_lock lock(mutex_);
    if (const auto known = known_.find(extent.blob); known != known_.end()) {
        if (known->second.open) {
            known->second.open->will_be_removed();
        }
        ages_.erase(known->second.age);
        known_.erase(known);
    }
    lost_syncs_.forget(extent.blob);
    return directory_.unlink(extent.blob);
}

Result<ByteCount> DiskBlobStore::free_space() {
    if (options_.is_shared) {
        before_blocking();  // a file system of the network
    }
    struct statvfs status{};
    if (::fstatvfs(directory_.root(), &status) != 0) {
        return system_error(errno, "fstatvfs");
    }
    return ByteCount{std::uint64_t{status.f_bavail} * status.f_frsize};
}

}  // namespace sluice
