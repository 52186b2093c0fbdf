#include "server/blob_engine.hpp"

#include <filesystem>
#include <string_view>

#include "server/bucket_mark.hpp"
#include "store/disk/data_directory.hpp"

namespace sluice::server {
namespace {

constexpr std::uint32_t orphans_max = 10'000;

Result<void> check_is_here(const std::string& folder) {
    auto whole = check_is_not_moving(folder);
    return whole ? check_is_for_disk(folder) : whole;
}

Result<BlobEngine> open_shared(const std::string& folder) {
    if (auto here = check_is_here(folder); !here) {
        return std::move(here).error();
    }
    if (auto made = make_data_directory(folder); !made) {
        return std::move(made).error();
    }
    auto disk = DiskBlobStore::open(folder + "/blobs", {.is_shared = true});
    if (!disk) {
        return std::move(disk).error();
    }
    BlobEngine engine{.disk = disk->get(), .shared_folder = folder};
    engine.store = *std::move(disk);
    return engine;
}

}  // namespace

std::optional<std::string> shared_folder_of(const std::string& storage) {
    constexpr std::string_view scheme = "file://";
    const bool is_path = storage.starts_with(scheme) && storage.size() > scheme.size() + 1 &&
                         storage[scheme.size()] == '/';
    return is_path ? std::optional(storage.substr(scheme.size())) : std::nullopt;
}

Result<BlobEngine> open_disk(const std::string& data, bool is_strict) {
    auto disk = DiskBlobStore::open(data + "/blobs", {.strict = is_strict});
    if (!disk) {
        return std::move(disk).error();
    }
    BlobEngine engine{.disk = disk->get()};
    engine.store = *std::move(disk);
    return engine;
}

Result<BlobEngine> open_bucket(
    const std::string& url, const std::string& data, const Clock& clock
) {
    auto location = s3::parse_location(url);
    if (!location) {
        return Error{.code = ErrorCode::storage_failed, .facts = "It must be " + location.error()};
    }
    // Not that of the workers, which is emptied when they start.
    const std::string scratch = data + "/bodies";
    std::error_code error;
    std::filesystem::remove_all(scratch, error);  // nothing that lasts is in it
    std::filesystem::create_directories(scratch, error);
    if (error) {
        return system_error(error.value(), "create " + scratch);
    }
    auto bucket =
        S3BlobStore::open(*std::move(location), clock, {.scratch = scratch, .client = {}});
    if (!bucket) {
        return std::move(bucket).error();
    }
    BlobEngine engine{.bucket = bucket->get()};
    engine.store = *std::move(bucket);
    return engine;
}

Result<BlobEngine> open_blobs(
    const std::string& storage, const std::string& data, bool is_strict, const Clock& clock
) {
    if (auto whole = check_is_not_moving(data); !whole) {
        return std::move(whole).error();
    }
    if (const auto folder = shared_folder_of(storage)) {
        return open_shared(*folder);
    }
    if (storage != "disk") {
        return open_bucket(storage, data, clock);
    }
    if (auto fitting = check_is_for_disk(data); !fitting) {
        return std::move(fitting).error();
    }
    return open_disk(data, is_strict);
}

Result<void> BlobEngine::check_is_still_here() const {
    return is_shared_folder() ? check_is_here(shared_folder) : ok();
}

Result<std::uint32_t> BlobEngine::remove_orphans(const IsKnown& is_known, WallTime before) {
    return is_elsewhere() ? Result<std::uint32_t>(0U)
                          : disk->remove_orphans(is_known, before, orphans_max);
}

Result<std::uint32_t> BlobEngine::sweep(const OrphanLook& look) {
    if (disk == nullptr) {
        return bucket->remove_orphans(look);
    }
    if (is_shared_folder()) {
        return disk->remove_orphans(look);
    }
    const auto is_named = [&look](BlobId id) {
        return look.is_over() || look.named_among({id}).contains(id);
    };
    return disk->remove_dead_packs(is_named, look.before);
}

void BlobEngine::add_metrics(Metrics& metrics) const {
    if (bucket == nullptr) {
        return;
    }
    Gauge& up = metrics.gauge("sluice_storage_up", "0 while the object store does not answer");
    Gauge& requests = metrics.gauge("sluice_storage_requests", "Requests to it, since the start");
    Gauge& repeated =
        metrics.gauge("sluice_storage_repeated", "Requests made again, since the start");
    Gauge& failures = metrics.gauge(
        "sluice_storage_failures", "Calls that ended with storage_unavailable, since the start"
    );
    Gauge& memory =
        metrics.gauge("sluice_storage_body_bytes", "Memory of bodies on their way to it");
    metrics.before_text([&up, &requests, &repeated, &failures, &memory, store = bucket] {
        const auto load = store->load();
        up.set(load.is_down ? 0 : 1);
        requests.set(static_cast<std::int64_t>(load.requests));
        repeated.set(static_cast<std::int64_t>(load.repeated));
        failures.set(static_cast<std::int64_t>(load.failures));
        memory.set(static_cast<std::int64_t>(store->memory_used()));
    });
}

Result<void> BlobEngine::each_file(const Fsck::VisitFile& visit) const {
    return disk != nullptr ? disk->each_file(visit) : bucket->each_blob(visit);
}

// What a migration has brought of packs nobody writes to any more: they are blobs like others.
Result<void> BlobEngine::each_pack(const Fsck::VisitPack& visit) const {
    return disk != nullptr ? disk->each_pack(visit) : ok();
}

}  // namespace sluice::server
