#include "fiber.hpp"

#include <cstdint>
#include <utility>

#include "base/assert.hpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/common_interface_defs.h>
#define SLUICE_TELLS_STACKS 1
#endif
#endif

namespace sluice::simulation {
namespace {

constexpr std::size_t stack_size = 256 * 1024;

void leave_stack(void** save, const void* next, std::size_t size) {
#ifdef SLUICE_TELLS_STACKS
    __sanitizer_start_switch_fiber(save, next, size);
#else
    static_cast<void>(save);
    static_cast<void>(next);
    static_cast<void>(size);
#endif
}

void enter_stack(void* saved, const void** previous, std::size_t* size) {
#ifdef SLUICE_TELLS_STACKS
    __sanitizer_finish_switch_fiber(saved, previous, size);
#else
    static_cast<void>(saved);
    static_cast<void>(previous);
    static_cast<void>(size);
#endif
}

}  // namespace

Fiber::Fiber(std::string name, std::function<void()> body)
    : name_(std::move(name)),
      body_(std::move(body)),
      stack_(std::make_unique_for_overwrite<std::byte[]>(stack_size)) {
    ::getcontext(&inside_);
    inside_.uc_stack.ss_sp = stack_.get();
    inside_.uc_stack.ss_size = stack_size;
    inside_.uc_link = nullptr;
    // makecontext passes ints only.
    const auto self = reinterpret_cast<std::uintptr_t>(this);
    ::makecontext(
        &inside_,
        reinterpret_cast<void (*)()>(&Fiber::enter),
        2,
        static_cast<unsigned>(self >> 32),
        static_cast<unsigned>(self)
    );
}

Fiber::~Fiber() {
    SLUICE_ASSERT(is_done_);
}

void Fiber::enter(unsigned high, unsigned low) {
    const auto self = (static_cast<std::uintptr_t>(high) << 32) | low;
    reinterpret_cast<Fiber*>(self)->run();
}

void Fiber::run() {
    enter_stack(nullptr, &outside_stack_, &outside_stack_size_);
    body_();
    body_ = nullptr;
    is_done_ = true;
    leave_stack(nullptr, outside_stack_, outside_stack_size_);
    ::setcontext(&outside_);
}

void Fiber::resume() {
    SLUICE_ASSERT(!is_done_);
    void* own = nullptr;
    leave_stack(&own, stack_.get(), stack_size);
    ::swapcontext(&outside_, &inside_);
    enter_stack(own, nullptr, nullptr);
}

void Fiber::pause() {
    leave_stack(&fake_stack_, outside_stack_, outside_stack_size_);
    ::swapcontext(&inside_, &outside_);
    enter_stack(fake_stack_, &outside_stack_, &outside_stack_size_);
}

}  // namespace sluice::simulation
