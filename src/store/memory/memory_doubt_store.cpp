#include "store/memory/memory_doubt_store.hpp"

#include <algorithm>
#include <ranges>

namespace sluice {

Result<void> MemoryDoubtStore::add(const Doubt& doubt) {
    const std::scoped_lock lock(mutex_);
    const auto [found, is_new] = doubts_.try_emplace(doubt.upload, doubt);
    if (!is_new && doubt.is_final && !found->second.is_final) {
        found->second = doubt;
    }
    return ok();
}

Result<std::uint64_t> MemoryDoubtStore::add_open(
    const std::string& facts, WallTime since, std::uint64_t count_max
) {
    const auto open = uploads_.open_with_segments();
    for (const MediaId id : open | std::views::reverse | std::views::take(count_max)) {
        static_cast<void>(add({id, false, facts, since}));
    }
    const std::scoped_lock lock(mutex_);
    const auto count =
        std::ranges::count_if(doubts_, [](const auto& entry) { return !entry.second.is_final; });
    return static_cast<std::uint64_t>(count);
}

Result<std::vector<Doubt>> MemoryDoubtStore::finals() {
    const std::scoped_lock lock(mutex_);
    std::vector<Doubt> finals;
    for (const auto& [id, doubt] : doubts_) {
        if (doubt.is_final) {
            finals.push_back(doubt);
        }
    }
    return finals;
}

Result<std::vector<MediaId>> MemoryDoubtStore::unchecked(std::uint32_t count_max) {
    const std::scoped_lock lock(mutex_);
    std::vector<MediaId> ids;
    for (const auto& [id, doubt] : doubts_ | std::views::reverse) {
        if (!doubt.is_final && ids.size() < count_max) {
            ids.push_back(id);
        }
    }
    return ids;
}

Result<bool> MemoryDoubtStore::is_unchecked(MediaId id) {
    const std::scoped_lock lock(mutex_);
    const auto found = doubts_.find(id);
    return found != doubts_.end() && !found->second.is_final;
}

Result<void> MemoryDoubtStore::settle(MediaId id) {
    const std::scoped_lock lock(mutex_);
    const auto found = doubts_.find(id);
    if (found != doubts_.end() && !found->second.is_final) {
        doubts_.erase(found);
    }
    return ok();
}

Result<void> MemoryDoubtStore::settle_all() {
    const std::scoped_lock lock(mutex_);
    std::erase_if(doubts_, [](const auto& entry) { return !entry.second.is_final; });
    return ok();
}

Result<void> MemoryDoubtStore::forget(MediaId id) {
    const std::scoped_lock lock(mutex_);
    doubts_.erase(id);
    return ok();
}

}  // namespace sluice
