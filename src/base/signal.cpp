#include "base/signal.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace sluice {
namespace {

// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): what a thread is about, it alone knows
thread_local Pausable* work_of_this_thread = nullptr;

}  // namespace

// Never inlined into work: after a pause it may be on another thread.
[[gnu::noinline]] Pausable* Pausable::current() {
    return work_of_this_thread;
}

[[gnu::noinline]] void Pausable::set_current(Pausable* work) {
    work_of_this_thread = work;
}

void before_blocking() {
    if (Pausable* work = Pausable::current(); work != nullptr) {
        work->before_blocking();
    }
}

void Signal::wait() {
    waiting_ = Pausable::current();
    std::uint32_t expected = none;
    const State waits = waiting_ == nullptr ? thread_waits : fiber_waits;
    if (!state_.compare_exchange_strong(expected, waits)) {
        return;
    }
    if (waiting_ != nullptr) {
        waiting_->pause();
        return;
    }
    while (state_.load() == thread_waits) {
        state_.wait(thread_waits);
    }
}

// A thread that waits may be gone as soon as it can see the new state; only the address is used then.
Pausable* Signal::give_to_thread() {
    const std::uint32_t before = state_.exchange(given);
    if (before == thread_waits) {
        state_.notify_one();
    }
    return before == fiber_waits ? waiting_ : nullptr;
}

void Signal::give() {
    if (Pausable* work = give_to_thread(); work != nullptr) {
        work->next = nullptr;
        work->resume_chain();
    }
}

void Signal::give_all(std::span<Signal* const> signals) {
    std::vector<std::pair<Pausable*, Pausable*>> chains;  // first and last; of few homes
    for (Signal* signal : signals) {
        Pausable* work = signal->give_to_thread();
        if (work == nullptr) {
            continue;
        }
        work->next = nullptr;
        const auto chain = std::ranges::find_if(chains, [work](const auto& known) {
            return known.first->home() == work->home();
        });
        if (chain == chains.end()) {
            chains.emplace_back(work, work);
        } else {
            chain->second->next = work;
            chain->second = work;
        }
    }
    for (const auto& [first, last] : chains) {
        first->resume_chain();
    }
}

}  // namespace sluice
