#include "scheduler.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace sluice::simulation {
namespace {

using std::chrono::milliseconds;

// The scheduler whose fiber runs now: for waits that know nothing of it.
thread_local Scheduler* running = nullptr;

}  // namespace

Scheduler* running_scheduler() {
    return running;
}

void Scheduler::spawn(std::string name, std::function<void()> body) {
    auto task = std::make_unique<Task>();
    task->number = tasks_.size();
    task->fiber = std::make_unique<Fiber>(std::move(name), [body = std::move(body)] {
        try {
            body();
        } catch (const Stopped&) {
        }
    });
    tasks_.push_back(std::move(task));
}

bool Scheduler::crash_is_due() const {
    if (plan_.at_step != 0) {
        return steps_ == plan_.at_step;
    }
    return crashes_ < plan_.crashes_max && plan_.per_10000 > 0 &&
           random_.below(10'000) < plan_.per_10000;
}

void Scheduler::yield(Site site) {
    ++steps_;
    trace_.add((steps_ << 8) | static_cast<std::uint64_t>(site));
    if (random_.one_in(4)) {
        const milliseconds passed(random_.below(3));
        time_ += passed;
        clock_.advance(passed);
    }
    if (current_->is_inside && crash_is_due()) {
        is_crash_asked_ = true;
        ++tally_.crashes_at[static_cast<std::size_t>(site)];
        pause();
    } else if (random_.one_in(2)) {
        pause();
    }
}

void Scheduler::sleep(milliseconds time) {
    current_->wakes_at = time_ + time;
    yield(Site::think);
    while (current_->wakes_at > time_) {
        pause();
    }
}

void Scheduler::wait_until_up() {
    while (!is_up_) {
        current_->waits_for_process = true;
        pause();
    }
    current_->waits_for_process = false;
}

void Scheduler::wait_a_turn() {
    current_->fiber->pause();
}

void Scheduler::crash_now() {
    is_crash_asked_ = true;
    pause();
}

bool Scheduler::inside(const std::function<void()>& work) {
    current_->is_inside = true;
    current_->last_done = Site::think;
    bool has_crashed = false;
    try {
        work();
    } catch (const Crashed&) {
        has_crashed = true;
    }
    current_->is_inside = false;
    return !has_crashed;
}

void Scheduler::pause() {
    const bool must_leave = is_stopping_ || (is_dying_ && current_->is_inside);
    if (!must_leave) {
        current_->fiber->pause();
    }
    if (is_stopping_) {
        throw Stopped();
    }
    if (is_dying_ && current_->is_inside) {
        throw Crashed();
    }
}

void Scheduler::resume(Task& task) {
    current_ = &task;
    running = this;
    trace_.add(task.number);
    task.fiber->resume();
    current_ = nullptr;
    running = nullptr;
}

Scheduler::Task* Scheduler::next() {
    std::vector<Task*> ready;
    milliseconds earliest = milliseconds::max();
    for (const auto& task : tasks_) {
        if (task->fiber->is_done() || (task->waits_for_process && !is_up_)) {
            continue;
        }
        if (task->wakes_at <= time_) {
            ready.push_back(task.get());
        } else {
            earliest = std::min(earliest, task->wakes_at);
        }
    }
    if (!ready.empty()) {
        return random_.pick(ready);
    }
    if (earliest == milliseconds::max()) {
        return nullptr;
    }
    clock_.advance(earliest - time_);
    time_ = earliest;
    return next();
}

void Scheduler::note_crash_after(Site done) {
    switch (done) {
        case Site::blob_commit:
        case Site::pack_sync:
            tally_.saw(Seen::crash_between_bytes_and_record);
            return;
        case Site::blob_adopt:
            tally_.saw(Seen::crash_between_outputs_and_record);
            return;
        case Site::add_segment:
        case Site::create_whole:
        case Site::change:
        case Site::finish_job:
            tally_.saw(Seen::crash_between_record_and_answer);
            return;
        default:
            return;
    }
}

// Everybody who is inside leaves it now, by the exception that their pause throws.
void Scheduler::crash() {
    ++crashes_;
    is_dying_ = true;
    is_up_ = false;
    for (const auto& task : tasks_) {
        if (!task->fiber->is_done() && task->is_inside) {
            note_crash_after(task->last_done);
        }
    }
    // More than once: one may wait for another to let go of something.
    for (bool is_anybody_inside = true; is_anybody_inside;) {
        is_anybody_inside = false;
        for (const auto& task : tasks_) {
            if (!task->fiber->is_done() && task->is_inside) {
                task->wakes_at = time_;
                resume(*task);
                is_anybody_inside = is_anybody_inside || task->is_inside;
            }
        }
    }
    is_dying_ = false;
    is_crash_asked_ = false;
}

void Scheduler::unwind_all() {
    is_stopping_ = true;
    for (bool is_anybody_left = true; is_anybody_left;) {
        is_anybody_left = false;
        for (const auto& task : tasks_) {
            if (!task->fiber->is_done()) {
                resume(*task);
                is_anybody_left = is_anybody_left || !task->fiber->is_done();
            }
        }
    }
}

void Scheduler::run(const std::function<bool()>& is_over, const std::function<void()>& crashed) {
    while (!is_over() && !is_stop_asked_) {
        Task* task = next();
        if (task == nullptr) {
            break;
        }
        resume(*task);
        if (is_crash_asked_) {
            crash();
            crashed();
        }
    }
    unwind_all();
    tally_.steps += steps_;
}

}  // namespace sluice::simulation
