// What each call of an upload asks of the stores, found by running the real use cases (service/uploads)
// over recording stores: the simulation replays these and invents none. Timelines are not in it: they
// are written behind, many to a commit that waits for no disk (ADR 12).
#pragma once

#include "capacity/recording_metadata.hpp"

namespace sluice::capacity {

struct Demands {
    StoreCalls init;
    StoreCalls append;  // of one segment
    StoreCalls finalize;
    StoreCalls status_open;  // of an upload that is not finished: what a resume asks
    StoreCalls status_queued;
    StoreCalls claim;  // of its job, by a worker
    StoreCalls beat;   // of the job while it runs: lease and progress
    StoreCalls done;   // of the job, with one file made
};

// An upload of `segments` segments of `segment_bytes`. Throws if the service refuses it: a bug.
Demands record_demands(std::uint16_t segments, std::uint64_t segment_bytes);

}  // namespace sluice::capacity
