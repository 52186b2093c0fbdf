#include "core/timeline.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace sluice {
namespace {

constexpr std::array<std::string_view, 5> framing{
    "INIT", "FINALIZE", "ONE_SHOT", "job.ready", "job.failed"
};
// A client that sleeps for as long as it was told may still be a little early by another clock.
constexpr std::chrono::milliseconds early_max{100};
constexpr std::string_view too_fast = "polling_too_fast";

// A STATUS that did not wait: some are answered and some refused, by the rate of the moment, and all
// of them are one fault.
bool is_impatient(const TimelineEvent& event) {
    return event.call == "STATUS" &&
           (event.code == too_fast || (event.code.empty() && event.was_obedient() == false));
}

// What tells the most of a run of them: the last refusal, if there was one.
void keep_outcome(TimelineEvent& run, TimelineEvent& before) {
    if (before.code != too_fast || run.code == too_fast) {
        return;
    }
    run.status = before.status;
    run.code = std::move(before.code);
    run.facts = std::move(before.facts);
}

// How long a question waited beyond the advice: below zero it came too early.
std::optional<std::chrono::milliseconds> slack_of(const TimelineEvent& event) {
    return event.asked_after && event.advised_before
               ? std::optional(*event.asked_after - *event.advised_before)
               : std::nullopt;
}

// Of a run, the question that waited least for what it was told.
void keep_tightest(TimelineEvent& run, const TimelineEvent& before) {
    const auto slack_before = slack_of(before);
    const auto slack = slack_of(run);
    if (slack_before && (!slack || *slack_before < *slack)) {
        run.asked_after = before.asked_after;
        run.advised_before = before.advised_before;
    }
}

}  // namespace

std::optional<bool> TimelineEvent::was_obedient() const {
    if (!asked_after || !advised_before) {
        return std::nullopt;
    }
    return *asked_after + early_max >= *advised_before;
}

bool fold(TimelineEvent& last, const TimelineEvent& next) {
    TimelineEvent copy = next;
    return fold_moving(last, copy);
}

bool fold_moving(TimelineEvent& last, TimelineEvent& next) {
    const bool is_alike = last.call == next.call && last.status == next.status &&
                          last.code == next.code && last.segment == next.segment &&
                          last.was_obedient() == next.was_obedient();
    const bool is_one_fault = is_impatient(last) && is_impatient(next);
    // A segment that comes again is told by its own event: its bytes may differ.
    if (!(is_alike || is_one_fault) || (next.call == "APPEND" && !next.is_refusal())) {
        return false;
    }
    const std::uint32_t came = next.count;
    TimelineEvent before = std::exchange(last, std::move(next));
    keep_outcome(last, before);
    keep_tightest(last, before);
    last.at = before.at;
    last.count = before.count + came;
    return true;
}

int weight_of(const TimelineEvent& event) {
    if (std::ranges::find(framing, event.call) != framing.end()) {
        return 2;
    }
    return event.is_refusal() && event.code != too_fast ? 1 : 0;
}

}  // namespace sluice
