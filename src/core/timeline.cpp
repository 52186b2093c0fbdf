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

TimelineEvent AnsweredCall::event() && {
    return {
        .at = at,
        .last_at = at,
        .call = std::string(call),
        .status = status,
        .code = std::string(code),
        .facts = std::move(facts),
        .segment = segment,
        .bytes = bytes,
        .duration = duration,
        .request_id = std::string(request_id),
        .advised = advised,
        .asked_after = asked_after,
        .advised_before = advised_before,
    };
}

// Neither had an advice to obey, and nothing but the last of them is told.
bool fold_plain(TimelineEvent& last, AnsweredCall& next) {
    const bool is_alike = last.call == next.call && last.status == next.status &&
                          last.code == next.code && last.segment == next.segment;
    const bool is_advised =
        last.asked_after || last.advised_before || next.asked_after || next.advised_before;
    if (!is_alike || is_advised || (next.call == "APPEND" && !next.is_refusal())) {
        return false;
    }
    last.last_at = next.at;
    last.count += 1;
    last.facts = std::move(next.facts);
    last.bytes = next.bytes;
    last.duration = next.duration;
    last.request_id = next.request_id;
    last.advised = next.advised;
    return true;
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
    keep_outcome(next, last);
    keep_tightest(next, last);
    next.at = last.at;
    next.count += last.count;
    last = std::move(next);
    return true;
}

int weight_of(const TimelineEvent& event) {
    if (std::ranges::find(framing, event.call) != framing.end()) {
        return 2;
    }
    return event.is_refusal() && event.code != too_fast ? 1 : 0;
}

}  // namespace sluice
