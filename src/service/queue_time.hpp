// How long until a job is over, as the queue will really run: its lane's slots, the first that is
// free takes the next; every prediction corrected by what was learned by now. Pure.
#pragma once

#include <chrono>

#include "core/job.hpp"
#include "media/cost_model.hpp"

namespace sluice {

// How many jobs of a lane run at once; at least 1 each.
struct LaneSlots {
    unsigned quick = 1;
    unsigned film = 1;
    unsigned of(Lane lane) const { return lane == Lane::quick ? quick : film; }
};

// Of a job that waits, with its own time; at least 0.
std::chrono::milliseconds time_until_done(
    const QueuePosition& position,
    Family family,
    unsigned slots,
    const SpeedLearner& speed,
    WallTime now
);

// Of a job that runs; at least 0.
std::chrono::milliseconds time_left_of(
    const QueuePosition::Running& job, const SpeedLearner& speed, WallTime now
);

}  // namespace sluice
