// Files that nobody names: staged blobs whose process died, and packs whose last piece is gone.
#include <fcntl.h>

#include <utility>

#include "store/disk/disk_blob_store.hpp"

namespace sluice {

Result<void> DiskBlobStore::each_file(const std::function<bool(BlobId, WallTime)>& visit) const {
    return directory_.walk(0, [&visit](const disk::BlobDirectory::Entry& entry) {
        return visit(entry.id, entry.changed_at);
    });
}

Result<void> DiskBlobStore::each_pack(const VisitPack& visit) const {
    const auto content_of = [this](const disk::BlobDirectory::Entry& entry
                            ) -> Result<SharedBlobContent> {
        auto file = directory_.open_file(entry.id, O_RDONLY);
        if (!file) {
            return std::move(file).error();
        }
        auto held = disk::held_ranges(file->get(), entry.id);
        if (!held) {
            return std::move(held).error();
        }
        return SharedBlobContent{entry.id, entry.changed_at, {disk::pack_block}, *std::move(held)};
    };
    Result<void> visited = ok();
    auto walked = directory_.walk_packs([&](const disk::BlobDirectory::Entry& entry) {
        visited = visit(entry.id, content_of(entry));
        return visited.has_value();
    });
    return walked ? visited : walked;
}

Result<std::uint32_t> DiskBlobStore::remove_orphans(
    const std::function<bool(BlobId)>& is_known, WallTime before, std::uint32_t count_max
) {
    std::uint32_t removed = 0;
    std::uint32_t looked_at = 0;
    // Not always from the same folder, so that every run sees others.
    const auto first = static_cast<unsigned>(before.time_since_epoch().count() / 1000 % 256);
    auto walked = directory_.walk(first, [&](const disk::BlobDirectory::Entry& entry) {
        if (looked_at == count_max) {
            return false;
        }
        const bool is_old = entry.changed_at < before;
        if (is_old && !is_known(entry.id) && directory_.unlink(entry.id)) {
            ++removed;
        }
        looked_at += is_old ? 1 : 0;
        return true;
    });
    if (!walked) {
        return std::move(walked).error();
    }
    auto packs = remove_dead_packs(is_known, before);
    return packs ? Result<std::uint32_t>(removed + *packs) : packs;
}

Result<std::uint32_t> DiskBlobStore::remove_orphans(const OrphanLook& look) {
    std::uint32_t removed = 0;
    std::vector<BlobId> old;
    const auto remove_unnamed = [&] {
        const auto named = look.named_among(old);
        for (const BlobId id : std::exchange(old, {})) {
            removed += !named.contains(id) && directory_.unlink(id) ? 1 : 0;
        }
    };
    auto walked = directory_.walk(0, [&](const disk::BlobDirectory::Entry& entry) {
        if (entry.changed_at < look.before) {
            old.push_back(entry.id);
        }
        if (old.size() == OrphanLook::page) {
            remove_unnamed();
        }
        return !look.is_over();
    });
    if (!walked) {
        return std::move(walked).error();
    }
    if (look.is_over()) {
        return removed;
    }
    remove_unnamed();
    const auto is_named = [&look](BlobId id) { return look.named_among({id}).contains(id); };
    auto packs = remove_dead_packs(is_named, look.before);
    return packs ? Result<std::uint32_t>(removed + *packs) : packs;
}

Result<std::uint32_t> DiskBlobStore::remove_dead_packs(
    const std::function<bool(BlobId)>& is_known, WallTime before
) {
    std::uint32_t removed = 0;
    auto walked = directory_.walk_packs([&](const disk::BlobDirectory::Entry& entry) {
        const bool is_dead =
            entry.changed_at < before && !packs_.is_current(entry.id) && !is_known(entry.id);
        removed += is_dead && directory_.unlink(entry.id) ? 1 : 0;
        return true;
    });
    return walked ? Result<std::uint32_t>(removed) : std::move(walked).error();
}

}  // namespace sluice
