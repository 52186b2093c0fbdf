// RateSharing: nodes count calls together. Each admits by what it knows; what it has admitted it adds
// to the windows in the database a few milliseconds later, and learns there what the others have; who
// sees a window that is nearly used up tells the others. So a limit may be passed by what the others
// admit in that time, and no call waits for the database.
// Used by one thread.
#pragma once

#include <chrono>
#include <functional>
#include <utility>

#include "base/clock.hpp"
#include "service/rate_limiter.hpp"
#include "store/postgres/postgres_node_store.hpp"

namespace sluice {

class RateSharing {
  public:
    using Tell = std::function<void(const MemoryRateLimiter::Unshared& sum)>;
    RateSharing(PostgresNodeStore& store, MemoryRateLimiter& rates, const Clock& clock, Tell tell)
        : store_(store), rates_(rates), clock_(clock), tell_(std::move(tell)) {}

    // Blocks on the database, if there is something to tell.
    void share();

  private:
    PostgresNodeStore& store_;
    MemoryRateLimiter& rates_;
    const Clock& clock_;
    const Tell tell_;
    std::chrono::steady_clock::time_point next_try_;
    std::chrono::steady_clock::time_point swept_at_;
};

}  // namespace sluice
