// Scheduler: runs the fibers of a history one at a time, in an order drawn from its seed, and lets
// the process die at any step. Whoever is inside the process then is thrown out of it by Crashed;
// whoever is outside waits until it is up again. Time passes only here: a little with each step, and
// by leaps when everybody sleeps.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "fiber.hpp"
#include "random.hpp"
#include "sites.hpp"
#include "tally.hpp"

namespace sluice::simulation {

// Thrown through the code under test at the point where its process died.
struct Crashed {};
// Thrown through everything when the history is over.
struct Stopped {};

struct CrashPlan {
    std::uint64_t per_10000 = 0;  // at each step
    std::uint64_t at_step = 0;    // by number; 0: none
    std::uint32_t crashes_max = 4;
};

class Scheduler {
  public:
    Scheduler(Random& random, ManualClock& clock, Tally& tally, CrashPlan plan)
        : random_(random), clock_(clock), tally_(tally), plan_(plan) {}

    void spawn(std::string name, std::function<void()> body);
    // Until `is_over` or a fiber failed; then all are stopped. `crashed` is called when nobody is
    // inside any more.
    void run(const std::function<bool()>& is_over, const std::function<void()>& crashed);

    // --- from inside a fiber ---
    // Others may run, and the process may die.
    void yield(Site site);
    void sleep(std::chrono::milliseconds time);
    // Enters the process and leaves it; false: it died meanwhile.
    bool inside(const std::function<void()>& work);
    void wait_until_up();
    // Others run; also while the process dies, so whoever waits looks again and may throw then.
    void wait_a_turn();
    // Ends the process at this point; whoever asks is outside.
    void crash_now();
    bool is_inside() const { return current_ != nullptr && current_->is_inside; }
    // The work of the site is done, its caller not yet told.
    void done(Site site) {
        if (current_ != nullptr) {
            current_->last_done = site;
        }
    }

    void set_up(bool is_up) { is_up_ = is_up; }
    // While a crash throws everybody out: nothing that the dead process's destructors do counts.
    bool is_dying() const { return is_dying_ || is_stopping_; }
    void forbid_crashes() { plan_ = {}; }
    void stop() { is_stop_asked_ = true; }
    std::uint64_t steps() const { return steps_; }
    Trace& trace() { return trace_; }

  private:
    struct Task {
        std::unique_ptr<Fiber> fiber;
        std::size_t number = 0;
        std::chrono::milliseconds wakes_at{0};
        bool is_inside = false;
        bool waits_for_process = false;
        Site last_done = Site::think;
    };

    void pause();
    Task* next();
    void resume(Task& task);
    void crash();
    void note_crash_after(Site done);
    void unwind_all();
    bool crash_is_due() const;

    Random& random_;
    ManualClock& clock_;
    Tally& tally_;
    CrashPlan plan_;
    std::vector<std::unique_ptr<Task>> tasks_;
    Task* current_ = nullptr;
    std::chrono::milliseconds time_{0};
    std::uint64_t steps_ = 0;
    std::uint32_t crashes_ = 0;
    bool is_up_ = false;
    bool is_crash_asked_ = false;
    bool is_dying_ = false;
    bool is_stopping_ = false;
    bool is_stop_asked_ = false;
    Trace trace_;
};

// The one whose fiber runs now; null outside of any.
Scheduler* running_scheduler();

}  // namespace sluice::simulation
