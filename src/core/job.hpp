// A job: the processing that follows from a sealed upload, one per upload. It lives in the
// MetadataStore, is leased to one worker slot at a time, and each lease carries a fence that rises,
// so that a slot which lost its lease cannot finish. Values.
//
// The order of a lane: first what ran when a server died (suspects), then by rank. A rank is a moment
// that is set once, so nobody starves: the short get an earlier one than the long, and what comes
// later a later one (service/job_ranks.hpp).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "core/output.hpp"
#include "core/upload.hpp"

namespace sluice {

// Each has slots of its own: what is quick by nature never waits behind a film.
enum class Lane : std::uint8_t { quick, film };

constexpr Lane lane_of(Family family) {
    return family == Family::image || family == Family::text ? Lane::quick : Lane::film;
}

struct NewJob {
    JobId id;
    MediaId media;
    WallTime run_at;  // not before
    // Wall time on one slot, predicted from size and category, without what was learned since.
    std::chrono::milliseconds cost_expected;
    Lane lane = Lane::film;
    WallTime rank{};  // the lowest of a lane runs first
};

struct LeasedJob {
    JobId id;
    std::uint64_t fence = 0;
    int attempt = 1;   // this one, counted from 1, durably before it begins
    int failures = 0;  // attempts before this one that ended by a fault of ours
    int crashes = 0;   // attempts before this one that their worker did not survive
    std::chrono::milliseconds cost_expected{0};  // as it was when the job was made
    Upload upload;                               // state: processing
    std::vector<Extent> layout;

    // Attempts before this one of which nobody told the end: the server died, or hung.
    int interruptions() const { return attempt - 1 - failures - crashes; }
};

// As what an attempt counts that leads back into the queue. One that does not count is as if it had
// not begun.
enum class Counted : std::uint8_t { not_at_all, as_failure, as_crash };

// What ran when the server died may be what killed it, so at the next start such jobs run one by one,
// with nothing beside them, for so long each; whoever survives that is no danger, and others begin.
inline constexpr std::chrono::seconds alone_max{30};

// What lies before a waiting job, for check_after_secs. Told as far as it matters, so that a long
// queue is not walked through for each who asks.
struct QueuePosition {
    static constexpr std::chrono::milliseconds cost_told_max = std::chrono::minutes{10};
    static constexpr std::size_t jobs_told_max = 500;

    struct Waiting {
        Family family;
        std::chrono::milliseconds cost_expected;
        bool operator==(const Waiting&) const = default;
    };
    struct Running {
        Family family;
        std::chrono::milliseconds cost_expected;
        WallTime since;
        std::optional<WallTime> ends_at;  // its own estimate
        bool operator==(const Running&) const = default;
    };

    Lane lane = Lane::film;
    WallTime run_at;  // its own
    std::chrono::milliseconds cost_expected{0};
    std::vector<Running> running;
    std::vector<Waiting> ahead;  // of its lane, in the order in which they will begin

    // Of those that wait.
    std::chrono::milliseconds cost_ahead() const {
        std::chrono::milliseconds sum{0};
        for (const Waiting& job : ahead) {
            sum += job.cost_expected;
        }
        return sum;
    }
};

struct StoreTotals {
    std::uint64_t uploads_open = 0;
    std::uint64_t jobs_queued = 0;  // like those that run: of uploads that wait for them
    std::uint64_t jobs_running = 0;
};

}  // namespace sluice
