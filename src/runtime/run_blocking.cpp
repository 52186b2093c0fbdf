#include "runtime/run_blocking.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <condition_variable>

#include "base/signal.hpp"
#include "runtime/fiber.hpp"
#include "runtime/short_turns.hpp"

namespace sluice::runtime {

namespace asio = boost::asio;

// Work on a fiber.
class BlockingPool::Worked final : public Pausable {
  public:
    explicit Worked(BlockingPool& pool) : pool_(pool) {}
    void pause() override { fiber.pause(); }
    void resume_chain() override {
        if (!loop) {
            pool_.resume(this);
            return;
        }
        asio::post(*loop, [this] { go_on(this); });
    }
    void before_blocking() override {
        if (loop) {
            has_to_move = true;
            fiber.pause();
        }
    }
    // Those of a loop are told together, whichever pool they are of.
    const void* home() const override {
        return loop ? static_cast<const void*>(&asio::query(*loop, asio::execution::context))
                    : &pool_;
    }

    Fiber fiber;
    Job* job = nullptr;
    // On which it runs; none: on the threads. Set and reset on the loop, while the work stands.
    std::optional<asio::any_io_executor> loop;
    bool has_to_move = false;  // to the threads
    // Both guarded by the pool's mutex. What is resumed may not have left its thread yet.
    bool has_left = false;
    bool is_resumed = false;

  private:
    // With some of a chain; what else is ready on their loop comes before the others.
    static void go_on(Worked* first) {
        constexpr int some = 16;
        Worked* next = first;
        for (int i = 0; i < some && next != nullptr; ++i) {
            Worked* const work = next;
            next = static_cast<Worked*>(work->next);
            work->pool_.go_on_here(*work);
        }
        if (next != nullptr) {
            asio::post(*next->loop, [next] { go_on(next); });
        }
    }

    BlockingPool& pool_;
};

// One for each thread, for as long as the pool.
struct BlockingPool::Sleeper {
    std::condition_variable has_work;
    bool is_woken = false;  // guarded by the pool's mutex

    void wait(std::unique_lock<std::mutex>& lock) {
        has_work.wait(lock, [this] { return is_woken; });
        is_woken = false;
    }
};

namespace {

// Of this thread alone, on Linux. Refused or not, the work is done.
void take_priority(int niceness) {
    if (niceness == short_turns) {
        ask_for_turns_of(turn_of_reads);
        return;
    }
    static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness));
}

}  // namespace

BlockingPool::BlockingPool(unsigned threads, int niceness, unsigned fibers) {
    for (unsigned i = 0; i < fibers; ++i) {
        fibers_.push_back(std::make_unique<Worked>(*this));
        free_.push_back(fibers_.back().get());
    }
    for (unsigned i = 0; i < threads; ++i) {
        threads_.emplace_back(
            [this, niceness, &sleeper = *sleepers_.emplace_back(std::make_unique<Sleeper>())] {
                take_priority(niceness);
                work_until_stopped(sleeper);
            }
        );
    }
}

BlockingPool::Load BlockingPool::load() const {
    const std::lock_guard lock(mutex_);
    return load_;
}

BlockingPool::~BlockingPool() {
    stop_and_join();
}

// Returns the loop.
template <class Handler>
asio::any_io_executor BlockingPool::expect(Job& job, Handler handler) {
    // Tracked, so that the loop does not end while the work is away.
    auto executor = asio::prefer(
        asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked
    );
    job.resume_ = [executor, handler = std::move(handler)]() mutable {
        asio::post(executor, std::move(handler));
    };
    return executor;
}

void BlockingPool::throw_if_refused(const Job& job) {
    if (job.is_refused_) {
        throw boost::system::system_error(asio::error::operation_aborted, "the pool has stopped");
    }
}

asio::awaitable<void> BlockingPool::run(Job& job) {
    auto start = [this, &job](auto handler) {
        expect(job, std::move(handler));
        push(job);
    };
    // The handler's cancellation slot stays unconnected on purpose: the work may refer to the
    // waiting frame.
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(
        start, asio::use_awaitable
    );
    throw_if_refused(job);
}

asio::awaitable<void> BlockingPool::run_here(Job& job) {
    auto start = [this, &job](auto handler) {
        if (!begin_here(job, expect(job, std::move(handler)))) {
            push(job);
        }
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(
        start, asio::use_awaitable
    );
    throw_if_refused(job);
}

bool BlockingPool::begin_here(Job& job, const asio::any_io_executor& loop) {
    Worked* work = nullptr;
    {
        const std::lock_guard lock(mutex_);
        if (is_stopping_ || free_.empty() || first_ != nullptr) {
            return false;  // whoever waits already comes first
        }
        work = free_.back();
        free_.pop_back();
        load_.busy += 1;
    }
    work->job = &job;
    work->loop = loop;
    Pausable::set_current(work);
    work->fiber.begin([&job] { job.run(); });
    leave_here(*work);
    return true;
}

void BlockingPool::go_on_here(Worked& work) {
    Pausable::set_current(&work);
    work.fiber.resume();
    leave_here(work);
}

// It has ended, waits for a Signal, or is about to stand still.
void BlockingPool::leave_here(Worked& work) {
    Pausable::set_current(nullptr);
    if (!work.fiber.is_done() && !work.has_to_move) {
        return;
    }
    work.loop.reset();
    if (work.fiber.is_done()) {
        auto resume = std::move(work.job->resume_);
        resume();
    }
    Sleeper* woken = nullptr;
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(work.has_to_move, false)) {
            ready_.push_back(&work);
        } else {
            free_.push_back(&work);
            load_.busy -= 1;
        }
        if (is_stopping_) {
            wake_all();  // those who wait for the last one
        } else if (!ready_.empty() || has_job()) {
            woken = take_sleeper();
        }
    }
    wake(woken);
}

void BlockingPool::push(Job& job) {
    {
        std::unique_lock lock(mutex_);
        if (!is_stopping_) {
            (first_ == nullptr ? first_ : last_->next_) = &job;
            last_ = &job;
            load_.queued += 1;
            Sleeper* const woken = has_job() ? take_sleeper() : nullptr;
            lock.unlock();
            wake(woken);
            return;
        }
    }
    job.is_refused_ = true;
    auto resume = std::move(job.resume_);
    resume();
}

// Under the lock. One at a time: it wakes the next one if there is still more than it takes.
BlockingPool::Sleeper* BlockingPool::take_sleeper() {
    if (idle_.empty() || is_waking_) {
        return nullptr;
    }
    is_waking_ = true;
    Sleeper* const last = idle_.back();
    idle_.pop_back();
    last->is_woken = true;
    return last;
}

void BlockingPool::wake(Sleeper* sleeper) {
    if (sleeper != nullptr) {
        sleeper->has_work.notify_one();
    }
}

// Under the lock.
void BlockingPool::wake_all() {
    for (Sleeper* sleeper : std::exchange(idle_, {})) {
        sleeper->is_woken = true;
        sleeper->has_work.notify_one();
    }
}

void BlockingPool::work_until_stopped(Sleeper& sleeper) {
    std::unique_lock lock(mutex_);
    for (;;) {
        if (!ready_.empty()) {
            go_on_with_next(lock);
        } else if (has_job()) {
            begin_next(lock);
        } else if (is_stopping_ && free_.size() == fibers_.size()) {
            return;
        } else {
            idle_.push_back(&sleeper);
            sleeper.wait(lock);
            is_waking_ = false;
        }
    }
}

void BlockingPool::begin_next(std::unique_lock<std::mutex>& lock) {
    Job* job = first_;
    first_ = job->next_;
    load_.queued -= 1;
    load_.busy += 1;
    Worked* work = nullptr;
    if (!fibers_.empty()) {
        work = free_.back();
        free_.pop_back();
        work->job = job;
    }
    Sleeper* const woken = has_job() ? take_sleeper() : nullptr;  // this one may take long
    lock.unlock();
    wake(woken);
    if (work != nullptr) {
        Pausable::set_current(work);
        work->fiber.begin([job] { job->run(); });
        leave(*work, lock);
        return;
    }
    job->run();
    // The job is gone as soon as its coroutine has been resumed.
    auto resume = std::move(job->resume_);
    resume();
    lock.lock();
    load_.busy -= 1;
}

void BlockingPool::go_on_with_next(std::unique_lock<std::mutex>& lock) {
    Worked* work = ready_.front();
    ready_.pop_front();
    // They may hold what this one waits for, and whoever was woken for the job is here now.
    Sleeper* const woken = !ready_.empty() || has_job() ? take_sleeper() : nullptr;
    lock.unlock();
    wake(woken);
    Pausable::set_current(work);
    work->fiber.resume();
    leave(*work, lock);
}

// It has ended, or waits; ends with the lock.
void BlockingPool::leave(Worked& work, std::unique_lock<std::mutex>& lock) {
    Pausable::set_current(nullptr);
    if (work.fiber.is_done()) {
        auto resume = std::move(work.job->resume_);
        resume();
        lock.lock();
        free_.push_back(&work);
        load_.busy -= 1;
        if (is_stopping_) {
            wake_all();  // those who wait for the last one
        }
        return;
    }
    lock.lock();
    if (std::exchange(work.is_resumed, false)) {
        ready_.push_back(&work);
    } else {
        work.has_left = true;
    }
}

void BlockingPool::resume(Worked* chain) {
    Sleeper* woken = nullptr;
    {
        const std::lock_guard lock(mutex_);
        for (Pausable* next = chain; next != nullptr;) {
            auto* work = static_cast<Worked*>(next);
            next = work->next;
            if (std::exchange(work->has_left, false)) {
                ready_.push_back(work);
            } else {
                work->is_resumed = true;
            }
        }
        woken = ready_.empty() ? nullptr : take_sleeper();
    }
    wake(woken);
}

void BlockingPool::stop_and_join() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
        wake_all();
    }
    for (auto& thread : threads_) {
        thread.join();
    }
    threads_.clear();
}

}  // namespace sluice::runtime
