// A job: the processing that follows from a sealed upload, one per upload. It lives in the
// MetadataStore, is leased to one worker slot at a time, and each lease carries a fence that rises,
// so that a slot which lost its lease cannot finish. Values.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "core/output.hpp"
#include "core/upload.hpp"

namespace sluice {

struct NewJob {
    JobId id;
    MediaId media;
    WallTime run_at;  // not before
    std::chrono::milliseconds
        cost_expected;  // wall time on one slot, predicted from size and category
};

struct LeasedJob {
    JobId id;
    std::uint64_t fence = 0;
    int attempt = 1;  // this one, counted from 1, durably before it begins
    Upload upload;    // state: processing
    std::vector<Extent> layout;
};

// What lies before a waiting job, for check_after_secs.
// Told as far as it matters: nothing beyond cost_told_max is counted, so that a long queue is not
// walked through for each who asks.
struct QueuePosition {
    static constexpr std::chrono::milliseconds cost_told_max = std::chrono::minutes{2};
    std::uint32_t jobs_ahead = 0;
    std::chrono::milliseconds cost_ahead{0
    };  // of those that wait, and what is left of those that run
    std::chrono::milliseconds cost_expected{0};  // its own
};

}  // namespace sluice
