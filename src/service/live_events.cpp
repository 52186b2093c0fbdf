#include "service/live_events.hpp"

#include <utility>

namespace sluice {

void LiveEvents::publish(LiveEvent event) {
    const std::lock_guard guard(mutex_);
    event.number = last_.load(std::memory_order_relaxed) + 1;
    ring_.push_back(std::move(event));
    if (ring_.size() > kept_max) {
        ring_.pop_front();
    }
    last_.store(ring_.back().number, std::memory_order_release);
}

LiveEvents::Read LiveEvents::after(
    std::uint64_t number, const std::optional<Principal>& owner, std::size_t count_max
) const {
    const std::lock_guard guard(mutex_);
    const std::uint64_t newest = last_.load(std::memory_order_relaxed);
    const std::uint64_t before_all = ring_.empty() ? newest : ring_.front().number - 1;
    Read read{.last = newest, .has_missed = number < before_all || number > newest};
    for (const LiveEvent& event : ring_) {
        const bool was_seen = event.number <= number && !read.has_missed;
        if (was_seen || (owner && event.owner != *owner)) {
            continue;
        }
        if (read.events.size() == count_max) {
            read.last = read.events.back().number;
            break;
        }
        read.events.push_back(event);
    }
    return read;
}

}  // namespace sluice
