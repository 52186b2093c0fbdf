#include "store/disk/sync_groups.hpp"

#include <utility>

#include "base/signal.hpp"

namespace sluice::disk {

struct SyncGroups::Waiting {
    Result<void> outcome;
    bool leads = false;
    Signal turned;  // it is done, or it leads
};

Result<void> SyncGroups::run(BlobId blob, const std::function<Result<void>()>& sync) {
    Waiting own;
    bool is_first = false;
    {
        const std::scoped_lock lock(mutex_);
        const auto [group, is_new] = next_.try_emplace(blob);
        group->second.push_back(&own);
        is_first = is_new;
    }
    if (!is_first) {
        own.turned.wait();
    }
    if (is_first || own.leads) {
        lead(blob, own, sync);
    }
    return std::move(own.outcome);
}

// For all who are there when it begins; hands over to the first of those who came meanwhile.
void SyncGroups::lead(BlobId blob, const Waiting& own, const std::function<Result<void>()>& sync) {
    before_blocking();
    Group group;
    {
        const std::scoped_lock lock(mutex_);
        group = std::exchange(next_[blob], {});
    }
    const auto outcome = sync();
    std::vector<Signal*> turns;  // whoever has its signal may be gone
    for (Waiting* member : group) {
        member->outcome = outcome;
        if (member != &own) {
            turns.push_back(&member->turned);
        }
    }
    {
        const std::scoped_lock lock(mutex_);
        const auto next = next_.find(blob);
        if (next->second.empty()) {
            next_.erase(next);
        } else {
            // Last: on fibers of one thread the others go on before it syncs.
            next->second.front()->leads = true;
            turns.push_back(&next->second.front()->turned);
        }
    }
    Signal::give_all(turns);
}

}  // namespace sluice::disk
