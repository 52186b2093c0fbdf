#include "core/timeline.hpp"

#include <algorithm>
#include <array>

namespace sluice {
namespace {

constexpr std::array<std::string_view, 5> framing{
    "INIT", "FINALIZE", "ONE_SHOT", "job.ready", "job.failed"
};
// A client that sleeps for as long as it was told may still be a little early by another clock.
constexpr std::chrono::milliseconds early_max{100};

}  // namespace

std::optional<bool> TimelineEvent::was_obedient() const {
    if (!asked_after || !advised_before) {
        return std::nullopt;
    }
    return *asked_after + early_max >= *advised_before;
}

bool fold(TimelineEvent& last, const TimelineEvent& next) {
    const bool is_alike = last.call == next.call && last.status == next.status &&
                          last.code == next.code && last.segment == next.segment &&
                          last.was_obedient() == next.was_obedient();
    // A segment that comes again is told by its own event: its bytes may differ.
    if (!is_alike || (next.call == "APPEND" && !next.is_refusal())) {
        return false;
    }
    const auto shortest = last.asked_after && next.asked_after
                              ? std::min(last.asked_after, next.asked_after)
                              : next.asked_after;
    const auto first_at = last.at;
    const auto count = last.count + next.count;
    last = next;
    last.at = first_at;
    last.count = count;
    last.asked_after = shortest;
    return true;
}

int weight_of(const TimelineEvent& event) {
    if (std::ranges::find(framing, event.call) != framing.end()) {
        return 2;
    }
    return event.is_refusal() ? 1 : 0;
}

}  // namespace sluice
