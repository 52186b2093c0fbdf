// What an upload remembers: the calls that were made about it and the steps of its processing, each
// with its outcome. Alike neighbours are one event with a count, so that a client which polls for
// an hour takes one row. Values and pure rules.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "core/principal.hpp"

namespace sluice {

// Of one upload; beyond it the oldest go first, those that explain the most last (weight_of).
inline constexpr std::uint32_t timeline_events_max = 600;
// Of the facts of one event.
inline constexpr std::size_t timeline_facts_max = 1000;

struct TimelineEvent {
    WallTime at;       // of the answer, or of the step; of a run: the first
    WallTime last_at;  // of a run: the last
    std::uint32_t count = 1;
    std::string call;   // "INIT", "APPEND", …, or a step of processing: "job.claimed"
    int status = 0;     // HTTP; 0 for a step
    std::string code;   // slug of the catalogue; empty: it succeeded
    std::string facts;  // what the caller was told, or what the step says
    std::optional<std::uint64_t> segment;
    std::optional<ByteCount> bytes;  // of media, that came with the call
    std::chrono::milliseconds duration{0};
    std::string request_id;  // of a run: the last
    // STATUS and FINALIZE: the check_after_secs that the answer gave.
    std::optional<std::chrono::seconds> advised;
    // STATUS: how long after the answer before it came, and what that answer had advised; of a run:
    // of the question that waited least for it.
    std::optional<std::chrono::milliseconds> asked_after;
    std::optional<std::chrono::seconds> advised_before;

    bool is_refusal() const { return !code.empty(); }
    // Nothing: there was no advice to obey.
    std::optional<bool> was_obedient() const;
    bool operator==(const TimelineEvent&) const = default;
};

// An answered call as it is told: a run of alike ones takes it without a copy of its texts, which are lent.
struct AnsweredCall {
    WallTime at;
    std::string_view call;
    int status = 0;
    std::string_view code;
    std::string facts;
    std::optional<std::uint64_t> segment;
    std::optional<ByteCount> bytes;
    std::chrono::milliseconds duration{0};
    std::string_view request_id;
    std::optional<std::chrono::seconds> advised;
    std::optional<std::chrono::milliseconds> asked_after;
    std::optional<std::chrono::seconds> advised_before;

    bool is_refusal() const { return !code.empty(); }
    TimelineEvent event() &&;
};

// Events of one upload that wait to be written.
struct NotedEvents {
    Principal owner;  // who called; only the owner's calls are written
    MediaId id;
    std::vector<TimelineEvent> events;
};

// Takes `next` into `last` if they are alike; false: it is an event of its own. Questions that came
// too early are alike, answered or refused: the run is told as its last refusal.
bool fold(TimelineEvent& last, const TimelineEvent& next);
// The same, without copies: if it is taken, `next` is used up.
bool fold_moving(TimelineEvent& last, TimelineEvent& next);

// The same where it is plain to see; false: fold() tells.
bool fold_plain(TimelineEvent& last, AnsweredCall& next);

// 0: an ordinary call; 1: a refusal; 2: what frames the upload (INIT, FINALIZE, the end of its job).
int weight_of(const TimelineEvent& event);

}  // namespace sluice
