// Fiber: a stack of its own, on which work runs until it ends or pauses; it goes on when it is resumed, perhaps by
// another thread. So plain blocking code can wait for something without keeping a thread. Not thread-safe: whoever
// resumes it takes care that it has left its last thread.
#pragma once

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>
#include <functional>

namespace sluice::runtime {

class Fiber {
  public:
    Fiber();
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;
    // It has no work under way: a stack that is thrown away destroys nothing that is on it.
    ~Fiber();

    // From outside: begins the work, or goes on with it, until it pauses or ends.
    void begin(std::function<void()> work);
    void resume();
    // From inside: back to whoever resumed it.
    void pause();
    bool is_done() const { return !work_; }

  private:
    static void enter(boost::context::detail::transfer_t from);
    void run();

    std::function<void()> work_;
    std::byte* stack_ = nullptr;  // behind a page that nobody may touch
    // Where each side goes on. Not swapcontext(): it sets the signal mask, two calls of the system each time.
    boost::context::detail::fcontext_t inside_ = nullptr;
    boost::context::detail::fcontext_t outside_ = nullptr;
    // For the sanitizers, which have to be told when the stack changes.
    void* fake_stack_ = nullptr;
    const void* outside_stack_ = nullptr;
    std::size_t outside_stack_size_ = 0;
    void* tsan_inside_ = nullptr;
    void* tsan_outside_ = nullptr;
};

}  // namespace sluice::runtime
