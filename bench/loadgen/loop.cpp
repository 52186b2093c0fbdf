#include "loadgen/loop.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace sluice::bench {

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

Loop::~Loop() {
    ::close(epoll_);
}

void Loop::watch(int socket, Readiness& readiness) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &readiness;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) != 0) {
        throw std::runtime_error("epoll_ctl failed");
    }
}

void Loop::fire_timers() {
    const auto now = Clock::now();
    while (!timers_.empty() && timers_.top().at <= now) {
        const auto handle = timers_.top().handle;
        timers_.pop();
        handle.resume();
    }
}

void Loop::wait(Clock::time_point deadline) {
    const auto until = timers_.empty() ? deadline : std::min(deadline, timers_.top().at);
    const auto left = std::max<std::int64_t>(
        0, std::chrono::duration_cast<std::chrono::nanoseconds>(until - Clock::now()).count()
    );
    const timespec span{left / 1'000'000'000, left % 1'000'000'000};
    std::array<epoll_event, 512> events;
    const int count =
        ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &span, nullptr);
    for (int i = 0; i < count; ++i) {
        auto& readiness = *static_cast<Readiness*>(events[static_cast<std::size_t>(i)].data.ptr);
        const std::uint32_t seen = events[static_cast<std::size_t>(i)].events;
        if (readiness.waiting && (seen & (readiness.wanted | EPOLLERR | EPOLLHUP)) != 0) {
            readiness.seen = seen;
            std::exchange(readiness.waiting, {}).resume();
        }
    }
}

bool Loop::run(std::vector<Task<>>& tasks, Clock::time_point deadline) {
    for (auto& task : tasks) {
        task.start();
    }
    const auto all_done = [&tasks] { return std::ranges::all_of(tasks, &Task<>::is_done); };
    // Asking all tasks after each turn would cost more than the turn: only the first one that is
    // not done is asked.
    std::size_t first = 0;
    for (;;) {
        while (first < tasks.size() && tasks[first].is_done()) {
            tasks[first++].rethrow_error();
        }
        if (first == tasks.size() && all_done()) {
            return true;
        }
        if (Clock::now() >= deadline) {
            return false;
        }
        fire_timers();
        wait(deadline);
    }
}

}  // namespace sluice::bench
