#include "runtime/event_loops.hpp"

#include <sched.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "base/assert.hpp"
#include "base/log.hpp"
#include "runtime/short_turns.hpp"

namespace sluice::runtime {

unsigned usable_processors() {
    cpu_set_t set;
    CPU_ZERO(&set);
    const bool is_known = ::sched_getaffinity(0, sizeof set, &set) == 0;
    const int count = is_known ? CPU_COUNT(&set) : 0;
    return count > 0 ? static_cast<unsigned>(count)
                     : std::max(1U, std::thread::hardware_concurrency());
}

struct EventLoops::Loop {
    // One thread runs it, others may post: the hint 1 keeps the locks and spares wake-ups.
    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_running{
        context.get_executor()
    };
};

namespace {

void run(boost::asio::io_context& context) {
    ask_for_turns_of(turn_of_loops);
    // After the handlers that are ready now: all that they say at once.
    const log::Gathering gathering([&context] {
        boost::asio::post(context, &log::Gathering::flush);
    });
    context.run();
}

}  // namespace

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
        threads_.emplace_back([&context = loop->context] { run(context); });
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
