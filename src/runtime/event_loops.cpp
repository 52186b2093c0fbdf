#include "runtime/event_loops.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "base/assert.hpp"
#include "base/log.hpp"

namespace sluice::runtime {

unsigned usable_processors() {
    cpu_set_t set;
    CPU_ZERO(&set);
    const bool is_known = ::sched_getaffinity(0, sizeof set, &set) == 0;
    const int count = is_known ? CPU_COUNT(&set) : 0;
    return count > 0 ? static_cast<unsigned>(count)
                     : std::max(1U, std::thread::hardware_concurrency());
}

namespace {

// A thread that asks the scheduler for short turns is let in before one in the middle of a long turn
// (Linux 6.12 and later; an older one does not mind). Else whoever computes keeps a core that others
// want until the next tick, 4 ms at 250 Hz, and STATUS waits for it.
void ask_for_short_turns() {
    if (::sched_getscheduler(0) != SCHED_OTHER) {
        return;  // somebody has chosen another way
    }
    struct {  // struct sched_attr, in its first version
        std::uint32_t size = 48;
        std::uint32_t policy = SCHED_OTHER;
        std::uint64_t flags = 0;
        std::int32_t nice = ::getpriority(PRIO_PROCESS, 0);
        std::uint32_t priority = 0;
        std::uint64_t turn_ns = 100'000;  // the shortest there is
        std::uint64_t deadline_ns = 0;
        std::uint64_t period_ns = 0;
    } wanted;
    static_assert(sizeof wanted == 48);
    static_cast<void>(::syscall(SYS_sched_setattr, 0, &wanted, 0));
}

}  // namespace

struct EventLoops::Loop {
    // One thread runs it, others may post: the hint 1 keeps the locks and spares wake-ups.
    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_running{
        context.get_executor()
    };
};

EventLoops::EventLoops(unsigned count) {
    SLUICE_ASSERT(count > 0);
    for (unsigned i = 0; i < count; ++i) {
        loops_.push_back(std::make_unique<Loop>());
    }
}

EventLoops::~EventLoops() {
    stop();
    join();
}

void EventLoops::start() {
    SLUICE_ASSERT(threads_.empty());
    for (auto& loop : loops_) {
        threads_.emplace_back([&context = loop->context] {
            ask_for_short_turns();
            // After the handlers that are ready now: all that they say at once.
            const log::Gathering gathering([&context] {
                boost::asio::post(context, &log::Gathering::flush);
            });
            context.run();
        });
    }
}

void EventLoops::stop() {
    for (auto& loop : loops_) {
        loop->context.stop();
    }
}

void EventLoops::join() {
    for (auto& thread : threads_) {
        thread.join();
    }
    threads_.clear();
}

boost::asio::io_context& EventLoops::loop(std::size_t index) {
    return loops_.at(index)->context;
}

boost::asio::any_io_executor EventLoops::executor(std::size_t index) {
    return loops_.at(index)->context.get_executor();
}

}  // namespace sluice::runtime
