#include "store/memory/memory_timeline_store.hpp"

#include <algorithm>

namespace sluice {
namespace {

void add_folded(std::vector<TimelineEvent>& events, std::span<const TimelineEvent> more) {
    for (const TimelineEvent& event : more) {
        if (events.empty() || !fold(events.back(), event)) {
            events.push_back(event);
        }
    }
}

void trim(std::vector<TimelineEvent>& events) {
    while (events.size() > timeline_events_max) {
        events.erase(std::ranges::min_element(events, {}, weight_of));
    }
}

}  // namespace

Result<void> MemoryTimelineStore::add(std::span<const NotedEvents> noted) {
    const std::lock_guard guard(mutex_);
    for (const NotedEvents& of : noted) {
        const auto extents = uploads_.extents_of(of.id);
        if (!uploads_.find(of.owner, of.id) || !extents || extents->empty()) {
            continue;
        }
        auto& events = events_[of.id];
        add_folded(events, of.events);
        trim(events);
    }
    return ok();
}

Result<std::vector<TimelineEvent>> MemoryTimelineStore::of(
    const Principal& owner, MediaId id, TimelinePart part
) {
    const std::lock_guard guard(mutex_);
    const auto found = events_.find(id);
    if (found == events_.end() || !uploads_.find(owner, id)) {
        return std::vector<TimelineEvent>();
    }
    auto events = found->second;
    if (part == TimelinePart::telling) {
        std::erase_if(events, [](const TimelineEvent& event) {
            return weight_of(event) == 0 && event.call != "STATUS";
        });
    }
    return events;
}

Result<void> MemoryTimelineStore::forget(MediaId id) {
    const std::lock_guard guard(mutex_);
    events_.erase(id);
    return ok();
}

}  // namespace sluice
