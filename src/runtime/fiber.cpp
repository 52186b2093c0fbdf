#include "runtime/fiber.hpp"

#include <sys/mman.h>

#include <utility>

#include "base/assert.hpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/common_interface_defs.h>
#define SLUICE_TELLS_STACKS 1
#endif
#if __has_feature(thread_sanitizer)
#include <sanitizer/tsan_interface.h>
#define SLUICE_TELLS_FIBERS 1
#endif
#endif

namespace sluice::runtime {

namespace context = boost::context::detail;

namespace {

// Of address space; memory only as far as it was touched.
constexpr std::size_t stack_size = 512 * 1024;
constexpr std::size_t guard_size = 4096;

void leave_stack(
    [[maybe_unused]] void** save,
    [[maybe_unused]] const void* next,
    [[maybe_unused]] std::size_t size
) {
#ifdef SLUICE_TELLS_STACKS
    __sanitizer_start_switch_fiber(save, next, size);
#endif
}

void enter_stack(
    [[maybe_unused]] void* saved,
    [[maybe_unused]] const void** previous,
    [[maybe_unused]] std::size_t* size
) {
#ifdef SLUICE_TELLS_STACKS
    __sanitizer_finish_switch_fiber(saved, previous, size);
#endif
}

void switch_to([[maybe_unused]] void* fiber) {
#ifdef SLUICE_TELLS_FIBERS
    __tsan_switch_to_fiber(fiber, 0);
#endif
}

}  // namespace

Fiber::Fiber() {
    void* memory = ::mmap(
        nullptr,
        guard_size + stack_size,
        PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE,
        -1,
        0
    );
    SLUICE_ASSERT(memory != MAP_FAILED);  // when the server starts
    ::mprotect(memory, guard_size, PROT_NONE);
    stack_ = static_cast<std::byte*>(memory) + guard_size;
    inside_ = context::make_fcontext(stack_ + stack_size, stack_size, &Fiber::enter);
#ifdef SLUICE_TELLS_FIBERS
    tsan_inside_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
    SLUICE_ASSERT(is_done());
#ifdef SLUICE_TELLS_FIBERS
    __tsan_destroy_fiber(tsan_inside_);
#endif
    ::munmap(stack_ - guard_size, guard_size + stack_size);
}

// Begun by the first resume(), which gives itself along.
void Fiber::enter(context::transfer_t from) {
    auto& self = *static_cast<Fiber*>(from.data);
    self.outside_ = from.fctx;
    self.run();
}

// One piece of work after the other, on the same stack.
void Fiber::run() {
    enter_stack(nullptr, &outside_stack_, &outside_stack_size_);
    for (;;) {
        work_();
        work_ = nullptr;
        pause();
    }
}

void Fiber::begin(std::function<void()> work) {
    SLUICE_ASSERT(is_done());
    work_ = std::move(work);
    resume();
}

void Fiber::resume() {
    SLUICE_ASSERT(!is_done());
#ifdef SLUICE_TELLS_FIBERS
    tsan_outside_ = __tsan_get_current_fiber();
#endif
    void* own = nullptr;
    leave_stack(&own, stack_, stack_size);
    switch_to(tsan_inside_);
    inside_ = context::jump_fcontext(inside_, this).fctx;
    enter_stack(own, nullptr, nullptr);
}

void Fiber::pause() {
    leave_stack(&fake_stack_, outside_stack_, outside_stack_size_);
    switch_to(tsan_outside_);
    outside_ = context::jump_fcontext(outside_, nullptr).fctx;
    enter_stack(fake_stack_, &outside_stack_, &outside_stack_size_);
}

}  // namespace sluice::runtime
