#include "server/migrate_bytes.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "server/blob_engine.hpp"
#include "server/bucket_mark.hpp"
#include "server/directory_mark.hpp"
#include "server/other_nodes.hpp"
#include "server/stores.hpp"
#include "store/disk/blob_directory.hpp"

namespace sluice::server {
namespace {

constexpr std::uint64_t told_each = 1000;

Error refused(std::string facts) {
    return {.code = ErrorCode::storage_failed, .facts = std::move(facts)};
}

std::string blobs_of(const std::string& data) {
    return data + "/blobs";
}

// Every file of a blob that a row names, those that many share too.
Result<std::vector<BlobId>> named_blobs(
    const BlobEngine& disk, MetadataStore& metadata, MovedBytes& moved
) {
    std::vector<BlobId> named;
    Result<void> state = ok();
    const auto take = [&](BlobId id) {
        const auto known = metadata.knows_blob(id);
        if (!known) {
            state = known.error();
        } else if (*known) {
            named.push_back(id);
        } else {
            ++moved.unnamed;
        }
        return state.has_value();
    };
    auto walked = disk.each_file([&take](BlobId id, WallTime) { return take(id); });
    if (walked) {
        walked = disk.each_pack([&](BlobId id, const Result<SharedBlobContent>& pack) {
            return !pack ? Result<void>(pack.error()) : take(id) ? ok() : state;
        });
    }
    if (!walked) {
        return walked.error();
    }
    if (!state) {
        return state.error();
    }
    return named;
}

// A blob that is in the bucket already is not copied again, which is right only if nothing was written
// to the disk since: the move began with an empty bucket, and no server ran. Nodes are looked for when
// storage.moving is there: one that begins later sees it (opened_parts.cpp).
Result<std::string> begin(const std::string& data, S3BlobStore& bucket, const Stores& stores) {
    std::string mark = mark_in(data + moving_file);
    const bool is_new = mark.empty();
    if (is_new) {
        if (auto fresh = check_is_unused(bucket); !fresh) {
            return std::move(fresh).error();
        }
        // With PostgreSQL the database knows the storage by an id already.
        mark = read_mark(data).empty() ? new_mark() : read_mark(data);
        if (auto written = write_file_whole(data + moving_file, mark); !written) {
            return std::move(written).error();
        }
    }
    if (auto stopped = check_nodes_stopped(stores); !stopped) {
        std::error_code ignored;
        if (is_new) {
            std::filesystem::remove(data + moving_file, ignored);
        }
        return std::move(stopped).error();
    }
    auto taken = take_bucket(bucket, mark);
    return taken ? Result<std::string>(mark) : std::move(taken).error();
}

Result<void> copy(
    const std::string& data,
    const std::vector<BlobId>& blobs,
    S3BlobStore& bucket,
    MovedBytes& moved,
    const std::function<void(const MovedBytes&)>& told
) {
    for (const BlobId id : blobs) {
        const std::string path = blobs_of(data) + "/" + disk::relative_path_of(id);
        std::error_code error;
        const auto length = std::filesystem::file_size(path, error);
        if (auto copied = bucket.copy_in(id, path); !copied) {
            return copied;
        }
        moved.bytes += error ? 0 : length;
        if (++moved.blobs % told_each == 0) {
            told(moved);
        }
    }
    return ok();
}

// From here on the bytes are there and not here.
Result<void> settle(const std::string& data, const std::string& mark) {
    if (auto written = write_file_whole(data + bucket_file, mark); !written) {
        return written;
    }
    const bool is_aside = !std::filesystem::exists(blobs_of(data));  // by a run that ended then
    if (!is_aside &&
        std::rename(blobs_of(data).c_str(), (blobs_of(data) + ".migrated").c_str()) != 0) {
        return system_error(errno, "rename " + blobs_of(data));
    }
    std::error_code ignored;
    std::filesystem::remove(data + moving_file, ignored);
    return sync_directory(data);
}

}  // namespace

Result<MovedBytes> move_bytes(
    const std::string& data,
    const std::string& database,
    const std::string& storage,
    const std::function<void(const MovedBytes&)>& told
) {
    if (const std::string mark = mark_in(data + bucket_file); !mark.empty()) {
        if (mark == mark_in(data + moving_file)) {  // all was copied
            auto settled = settle(data, mark);
            return settled ? Result<MovedBytes>(MovedBytes()) : std::move(settled).error();
        }
        return refused("The bytes of " + data + " are in an S3 bucket already.");
    }
    const SystemClock clock;
    auto target = open_bucket(storage, data, clock);
    if (!target) {
        return std::move(target).error();
    }
    auto stores = open_stores(database, data);
    if (!stores) {
        return std::move(stores).error();
    }
    auto source = open_disk(data, true);
    if (!source) {
        return std::move(source).error();
    }
    const auto mark = begin(data, *target->bucket, *stores);
    if (!mark) {
        return mark.error();
    }
    MovedBytes moved;
    const auto named = named_blobs(*source, *stores->metadata, moved);
    if (!named) {
        return named.error();
    }
    auto copied = copy(data, *named, *target->bucket, moved, told);
    if (copied) {
        copied = settle(data, *mark);
    }
    return copied ? Result<MovedBytes>(moved) : std::move(copied).error();
}

}  // namespace sluice::server
