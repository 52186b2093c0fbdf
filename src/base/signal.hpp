// Signal: one thread gives it, once; one piece of work waits for it, once. The waiting side may destroy it as soon
// as wait() has returned, and the giving side takes no lock that the other one then stands before: a condition
// variable that is notified under its mutex costs two more switches for each who waits.
//
// Work that runs on a fiber (runtime/run_blocking.hpp) leaves its thread to other work meanwhile.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

namespace sluice {

// Work that can be put aside: what a fiber is for those who know nothing of fibers.
class Pausable {
  public:
    virtual ~Pausable() = default;
    // Called on the work itself: its thread goes on with something else until the signal is given.
    virtual void pause() = 0;
    // Called on any thread: the work goes on, with all that hang on it by `next`, which have the
    // same home.
    virtual void resume_chain() = 0;
    // Called on the work itself: it may stand still now, for something that is no Signal. Work that stands where nothing
    // may stand still (a loop) has gone elsewhere when this returns.
    virtual void before_blocking() {}
    // Who resumes it; those with the same one may be chained.
    virtual const void* home() const = 0;

    // The work that runs on this thread; null on an ordinary one.
    static Pausable* current();
    static void set_current(Pausable* work);

    Pausable* next = nullptr;
};

// Before a disk, a database, a network or whoever else lets its caller stand still; without a lock in hand. Nothing for
// work that stands on a thread of its own.
void before_blocking();

class Signal {
  public:
    void wait();
    void give();
    // Those who wait on fibers of one home are told together.
    static void give_all(std::span<Signal* const> signals);

  private:
    // NOLINTNEXTLINE(performance-enum-size): four bytes are what a futex waits on
    enum State : std::uint32_t { none, given, thread_waits, fiber_waits };

    // The fiber that has to be resumed.
    Pausable* give_to_thread();

    std::atomic<std::uint32_t> state_ = none;
    Pausable* waiting_ = nullptr;
};

}  // namespace sluice
