// The threads for blocking work, a pool for each kind, so that none waits behind another: reads
// (STATUS, lists, keys), control (INIT, FINALIZE and what else commits), bulk (the bytes of media),
// background (sweep, timeline). Their queues are bounded by those who fill them: requests of the
// classes, one piece of work each (protocol/common/work_classes.hpp), and one task each in the
// background.
#pragma once

#include "base/metrics.hpp"
#include "runtime/run_blocking.hpp"
#include "runtime/short_turns.hpp"

namespace sluice::server {

struct Pools {
    explicit Pools(Metrics& metrics);
    // What is queued is finished.
    void stop_and_join();

    // A read takes microseconds; a few more threads than the store has readers.
    runtime::BlockingPool reads{8, runtime::short_turns};
    // Who waits for a commit leaves its thread to others, and group commit gathers those who wait. As many threads
    // as fibers, so that whatever else blocks, one goes on with what it blocks for.
    runtime::BlockingPool control{64, 0, 64};
    // Each may stand in a disk sync, which they share as well. Checksums and copies go behind those who
    // only ask.
    runtime::BlockingPool bulk{64, 5, 64};
    runtime::BlockingPool background{2, 10};
};

}  // namespace sluice::server
