// A wait on a condition that only another fiber of the same thread can bring about would never end.
// The library's own function is replaced for this program: within a simulation a wait lets the other
// fibers run and looks again; outside of one nobody may come here.
#include <condition_variable>

#include "base/assert.hpp"
#include "scheduler.hpp"

void std::condition_variable::wait(std::unique_lock<std::mutex>& lock) {
    auto* scheduler = sluice::simulation::running_scheduler();
    SLUICE_ASSERT(scheduler != nullptr);
    lock.unlock();
    scheduler->wait_a_turn();
    lock.lock();
}
