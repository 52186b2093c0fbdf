// Fiber: a function with a stack of its own, which runs until it pauses and goes on when it is
// resumed. All fibers of a simulation live on one thread, so plain blocking code can be interleaved
// at chosen points, the same way each time.
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace sluice::simulation {

class Fiber {
  public:
    Fiber(std::string name, std::function<void()> body);
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;
    // It must have come to its end: a stack that is thrown away destroys nothing that is on it.
    ~Fiber();

    const std::string& name() const { return name_; }
    bool is_done() const { return is_done_; }

    // From outside of any fiber: runs it until it pauses or ends.
    void resume();
    // From inside: back to whoever resumed it.
    void pause();

  private:
    static void enter(unsigned high, unsigned low);
    void run();

    std::string name_;
    std::function<void()> body_;
    std::unique_ptr<std::byte[]> stack_;
    ucontext_t inside_{};
    ucontext_t outside_{};
    bool is_done_ = false;
    // For the address sanitizer, which has to be told when the stack changes.
    void* fake_stack_ = nullptr;
    const void* outside_stack_ = nullptr;
    std::size_t outside_stack_size_ = 0;
};

}  // namespace sluice::simulation
