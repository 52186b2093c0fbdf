// What is there, and what nobody names: for starts, the sweeper and fsck.
#include "simulated_blob_store.hpp"

namespace sluice::simulation {

Result<void> SimulatedBlobStore::each_file(const std::function<bool(BlobId, WallTime)>& visit
) const {
    for (const BlobId id : disk_.ids()) {
        if (!id.is_shared() && !visit(id, disk_.changed_at(id))) {
            break;
        }
    }
    return ok();
}

Result<void> SimulatedBlobStore::each_pack(const VisitPack& visit) const {
    for (const BlobId id : disk_.ids()) {
        if (!id.is_shared()) {
            continue;
        }
        const SharedBlobContent pack{
            id, disk_.changed_at(id), {SimulatedDisk::sector}, disk_.held(id)
        };
        if (auto visited = visit(id, pack); !visited) {
            return visited;
        }
    }
    return ok();
}

Result<std::uint32_t> SimulatedBlobStore::remove_dead_packs(
    const std::function<bool(BlobId)>& is_known, WallTime before
) {
    std::uint32_t removed = 0;
    for (const BlobId id : disk_.ids()) {
        if (!id.is_shared()) {
            continue;
        }
        gate_.step(Site::blob_orphans);
        const bool is_old = disk_.contains(id) && disk_.changed_at(id) < before;
        if (is_old && !packs_.is_current(id) && !is_known(id)) {
            disk_.unlink(id);
            gate_.tally().saw(Seen::pack_removed);
            ++removed;
        }
    }
    return removed;
}

Result<std::uint32_t> SimulatedBlobStore::remove_orphans(
    const std::function<bool(BlobId)>& is_known, WallTime before, std::uint32_t count_max
) {
    std::uint32_t removed = 0;
    if (gate_.has(Mutant::forgets_orphans)) {
        return removed;
    }
    for (const BlobId id : disk_.ids()) {
        if (id.is_shared()) {
            continue;
        }
        gate_.step(Site::blob_orphans);
        if (removed < count_max && disk_.changed_at(id) < before && !is_known(id)) {
            disk_.unlink(id);
            gate_.tally().saw(Seen::orphan_removed);
            ++removed;
        }
    }
    auto packs = remove_dead_packs(is_known, before);
    return packs ? Result<std::uint32_t>(removed + *packs) : std::move(packs).error();
}

}  // namespace sluice::simulation
