// The event loop of the load generator: one thread, epoll, timers. Everything waits here.
#pragma once
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <queue>
#include <vector>

#include "loadgen/task.hpp"

namespace sluice::bench {

using Clock = std::chrono::steady_clock;

inline double seconds_between(Clock::time_point from, Clock::time_point to) {
    return std::chrono::duration<double>(to - from).count();
}

// What a connection waits for. Its address is given to epoll, so it must not move.
struct Readiness {
    std::coroutine_handle<> waiting;
    std::uint32_t wanted = 0;
    std::uint32_t seen = 0;
};

class Loop {
  public:
    Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop();

    void watch(int socket, Readiness& readiness);

    // Runs the tasks until all are done; throws the first error of one. At `deadline` it returns
    // false and leaves them where they are.
    bool run(std::vector<Task<>>& tasks, Clock::time_point deadline);

    // Not before the coroutine that runs now has given way.
    void resume_soon(std::coroutine_handle<> handle) {
        timers_.push({Clock::now(), timers_made_++, handle});
    }

    struct Sleep {
        Loop& loop;
        Clock::time_point until;
        bool await_ready() const { return until <= Clock::now(); }
        void await_suspend(std::coroutine_handle<> handle) {
            loop.timers_.push({until, loop.timers_made_++, handle});
        }
        void await_resume() {}
    };
    Sleep sleep_until(Clock::time_point until) { return {*this, until}; }

  private:
    struct Timer {
        Clock::time_point at;
        std::uint64_t number;
        std::coroutine_handle<> handle;
        bool operator<(const Timer& other) const {
            return at != other.at ? at > other.at : number > other.number;
        }
    };
    void fire_timers();
    void wait(Clock::time_point deadline);

    int epoll_;
    std::uint64_t timers_made_ = 0;
    std::priority_queue<Timer> timers_;
};

}  // namespace sluice::bench
