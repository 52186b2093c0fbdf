#include "server/directory_copy.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/do_each.hpp"
#include "store/disk/copy_file.hpp"
#include "store/disk/disk_blob_store.hpp"

namespace sluice::server {
namespace {

constexpr const char* blobs_folder = "/blobs";
constexpr std::uint32_t page = 200;

}  // namespace

Result<DirectoryCopy> DirectoryCopy::between(const std::string& from, const std::string& to) {
    auto source = disk::BlobDirectory::open(from + blobs_folder);
    if (!source) {
        return std::move(source).error();
    }
    auto target = disk::BlobDirectory::open(to + blobs_folder);
    if (!target) {
        return std::move(target).error();
    }
    return DirectoryCopy(*std::move(source), *std::move(target));
}

Result<std::vector<MediaId>> DirectoryCopy::copy(MetadataStore& rows) {
    ++round_;
    std::vector<MediaId> incomplete;
    MediaId after{0};
    while (true) {
        const auto uploads = rows.with_bytes(after, page);
        if (!uploads) {
            return uploads.error();
        }
        auto done = do_each(*uploads, [&](const Upload& upload) {
            return upload.is_over() ? ok() : copy_upload(rows, upload.id, incomplete);
        });
        if (!done) {
            return std::move(done).error();
        }
        if (uploads->size() < page) {
            break;
        }
        after = uploads->back().id;
    }
    auto dropped = drop_unnamed();
    return dropped ? Result<std::vector<MediaId>>(std::move(incomplete))
                   : std::move(dropped).error();
}

Result<void> DirectoryCopy::copy_upload(
    MetadataStore& rows, MediaId id, std::vector<MediaId>& incomplete
) {
    const auto extents = rows.extents_of(id);
    if (!extents) {
        return extents.error();
    }
    bool is_whole = true;
    for (const Extent& extent : *extents) {
        const auto copied = copy_blob(extent.blob);
        if (!copied) {
            return copied.error();
        }
        is_whole = is_whole && *copied;
    }
    if (!is_whole) {
        incomplete.push_back(id);
    }
    return ok();
}

Result<bool> DirectoryCopy::copy_blob(BlobId blob) {
    const auto known = copied_.find(blob);
    if (known != copied_.end() && known->second.round == round_) {
        return true;
    }
    const auto source = from_.open_file(blob, O_RDONLY);
    if (!source) {
        const bool is_absent = source.error().code == ErrorCode::store_not_found;
        return is_absent ? Result<bool>(false) : source.error();
    }
    struct stat facts{};
    if (::fstat(source->get(), &facts) != 0) {
        return system_error(errno, "stat " + from_.path_of(blob));
    }
    const Stamp stamp{
        .size = facts.st_size,
        .changed_ns = facts.st_mtim.tv_sec * 1'000'000'000 + facts.st_mtim.tv_nsec,
        .round = round_,
    };
    const bool is_same = known != copied_.end() && known->second.size == stamp.size &&
                         known->second.changed_ns == stamp.changed_ns;
    if (!is_same) {
        const auto target = to_.open_file(blob, O_WRONLY | O_CREAT | O_TRUNC);
        if (!target) {
            return target.error();
        }
        const auto copied = disk::copy_file(source->get(), target->get());
        if (!copied) {
            return copied.error();
        }
        bytes_ += copied->value;
    }
    copied_.insert_or_assign(blob, stamp);
    return true;
}

Result<void> DirectoryCopy::drop_unnamed() {
    for (auto it = copied_.begin(); it != copied_.end();) {
        if (it->second.round == round_) {
            ++it;
            continue;
        }
        if (auto gone = to_.unlink(it->first); !gone) {
            return gone;
        }
        it = copied_.erase(it);
    }
    return ok();
}

Result<void> DirectoryCopy::sync() const {
    return ::syncfs(to_.root()) == 0 ? ok() : sync_error(errno, "sync the copy");
}

Result<FsckCounts> check_bytes(
    MetadataStore& rows, const std::string& directory, const Fsck::Report& report
) {
    const auto blobs = DiskBlobStore::open(directory + blobs_folder);
    if (!blobs) {
        return blobs.error();
    }
    Fsck fsck(rows, **blobs, SystemClock().now(), {}, report);
    return fsck.run(
        [&blobs](const Fsck::VisitFile& visit) { return (*blobs)->each_file(visit); },
        [&blobs](const Fsck::VisitPack& visit) { return (*blobs)->each_pack(visit); }
    );
}

}  // namespace sluice::server
