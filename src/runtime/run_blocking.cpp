#include "runtime/run_blocking.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sluice::runtime {

namespace asio = boost::asio;

BlockingPool::BlockingPool(unsigned threads, int niceness) {
    for (unsigned i = 0; i < threads; ++i) {
        threads_.emplace_back([this, niceness] {
            // Of this thread alone, on Linux. Refused or not, the work is done.
            static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness));
            work_until_stopped();
        });
    }
}

BlockingPool::Load BlockingPool::load() const {
    const std::lock_guard lock(mutex_);
    return load_;
}

BlockingPool::~BlockingPool() {
    stop_and_join();
}

asio::awaitable<void> BlockingPool::run(Job& job) {
    auto start = [this, &job](auto handler) {
        // Tracked, so that the loop does not end while the work is away.
        auto executor = asio::prefer(
            asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked
        );
        job.resume_ = [executor = std::move(executor), handler = std::move(handler)]() mutable {
            asio::post(executor, std::move(handler));
        };
        push(job);
    };
    // The handler's cancellation slot stays unconnected on purpose: the work may refer to the
    // waiting frame.
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(
        start, asio::use_awaitable
    );
}

void BlockingPool::push(Job& job) {
    {
        std::unique_lock lock(mutex_);
        if (!is_stopping_) {
            (first_ == nullptr ? first_ : last_->next_) = &job;
            last_ = &job;
            load_.queued += 1;
            lock.unlock();
            has_work_.notify_one();
            return;
        }
    }
    job.run();
    auto resume = std::move(job.resume_);
    resume();
}

void BlockingPool::work_until_stopped() {
    std::unique_lock lock(mutex_);
    while (true) {
        has_work_.wait(lock, [this] { return first_ != nullptr || is_stopping_; });
        if (first_ == nullptr) {
            return;
        }
        Job* job = first_;
        first_ = job->next_;
        load_.queued -= 1;
        load_.busy += 1;
        lock.unlock();
        job->run();
        // The job is gone as soon as its coroutine has been resumed.
        auto resume = std::move(job->resume_);
        resume();
        lock.lock();
        load_.busy -= 1;
    }
}

void BlockingPool::stop_and_join() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    has_work_.notify_all();
    for (auto& thread : threads_) {
        thread.join();
    }
    threads_.clear();
}

}  // namespace sluice::runtime
