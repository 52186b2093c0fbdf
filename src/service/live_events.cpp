#include "service/live_events.hpp"

#include <utility>

namespace sluice {

namespace {

// In place, so that the strings keep their memory.
void assign(LiveEvent& to, const LiveNote& note) {
    to.kind = note.kind;
    to.at = note.at;
    to.owner.id = note.owner.id;
    to.media_id = note.media_id;
    to.call = note.call;
    to.method = note.method;
    to.status = note.status;
    to.code = note.code;
    to.request_id = note.request_id;
}

}  // namespace

void LiveEvents::publish(const LiveNote& note) {
    if (forward_ && note.kind == LiveKind::upload) {
        LiveEvent event;
        assign(event, note);
        forward_(event);
    }
    const std::lock_guard guard(mutex_);
    const std::uint64_t number = last_.load(std::memory_order_relaxed) + 1;
    LiveEvent& place = next_place();
    assign(place, note);
    place.number = number;
    last_.store(number, std::memory_order_release);
}

void LiveEvents::publish(LiveEvent event) {
    if (forward_ && event.kind == LiveKind::upload) {
        forward_(event);
    }
    publish_from_elsewhere(std::move(event));
}

LiveEvent& LiveEvents::next_place() {
    if (ring_.size() < kept_max) {
        return ring_.emplace_back();
    }
    LiveEvent& oldest = ring_[oldest_];
    oldest_ = (oldest_ + 1) % kept_max;
    return oldest;
}

void LiveEvents::note_gap() {
    const std::lock_guard guard(mutex_);
    ring_.clear();
    oldest_ = 0;
    last_.fetch_add(1, std::memory_order_release);
}

void LiveEvents::publish_from_elsewhere(LiveEvent event) {
    const std::lock_guard guard(mutex_);
    const std::uint64_t number = last_.load(std::memory_order_relaxed) + 1;
    event.number = number;
    next_place() = std::move(event);
    last_.store(number, std::memory_order_release);
}

LiveEvents::Read LiveEvents::after(
    std::uint64_t number, const std::optional<Principal>& owner, std::size_t count_max
) const {
    const std::lock_guard guard(mutex_);
    const std::uint64_t newest = last_.load(std::memory_order_relaxed);
    const std::uint64_t before_all = ring_.empty() ? newest : ring_[oldest_].number - 1;
    Read read{.last = newest, .has_missed = number < before_all || number > newest};
    for (std::size_t i = 0; i < ring_.size(); ++i) {
        const LiveEvent& event = ring_[(oldest_ + i) % ring_.size()];
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
