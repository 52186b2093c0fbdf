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
    if (!is_watched()) {
        note_gap();
        return;
    }
    const std::lock_guard guard(mutex_);
    LiveEvent& place = next_place();
    const std::uint64_t number = place.number;
    assign(place, note);
    place.number = number;
}

void LiveEvents::publish(LiveEvent event) {
    if (forward_ && event.kind == LiveKind::upload) {
        forward_(event);
    }
    publish_from_elsewhere(std::move(event));
}

// Others number events and look meanwhile: what was seen may be ahead.
bool LiveEvents::is_watched() const {
    const std::uint64_t unseen =
        last_.load(std::memory_order_relaxed) - seen_.load(std::memory_order_relaxed);
    return static_cast<std::int64_t>(unseen) < unseen_max;
}

std::uint64_t LiveEvents::last() const {
    const std::uint64_t newest = last_.load(std::memory_order_acquire);
    seen_.store(newest, std::memory_order_relaxed);
    return newest;
}

std::optional<std::uint64_t> LiveEvents::newest_kept() const {
    return ring_.empty() ? std::nullopt
                         : std::optional(ring_[(oldest_ + ring_.size() - 1) % ring_.size()].number);
}

// Who only numbers an event has no lock, so there may be a gap just here.
LiveEvent& LiveEvents::next_place() {
    const std::uint64_t before = last_.fetch_add(1, std::memory_order_release);
    if (newest_kept() != before) {
        ring_.clear();
        oldest_ = 0;
    }
    if (ring_.size() < kept_max) {
        return ring_.emplace_back(LiveEvent{.number = before + 1});
    }
    LiveEvent& oldest = ring_[oldest_];
    oldest_ = (oldest_ + 1) % kept_max;
    oldest.number = before + 1;
    return oldest;
}

void LiveEvents::note_gap() {
    last_.fetch_add(1, std::memory_order_release);
}

void LiveEvents::publish_from_elsewhere(LiveEvent event) {
    if (!is_watched()) {
        note_gap();
        return;
    }
    const std::lock_guard guard(mutex_);
    LiveEvent& place = next_place();
    event.number = place.number;
    place = std::move(event);
}

LiveEvents::Read LiveEvents::after(
    std::uint64_t number, const std::optional<Principal>& owner, std::size_t count_max
) const {
    const std::lock_guard guard(mutex_);
    const std::uint64_t newest = last();
    const bool is_whole = newest_kept() == newest;
    const std::uint64_t before_all = is_whole ? ring_[oldest_].number - 1 : newest;
    Read read{.last = newest, .has_missed = number < before_all || number > newest};
    for (std::size_t i = 0; is_whole && i < ring_.size(); ++i) {
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
