// Takes blocking work (disk sync, SQL) off the event loop: `auto row = co_await run_blocking(pool,
// std::move(work));` runs `work` on a thread of the pool and resumes the coroutine on its own loop.
// One post each way. Work that mostly looks into memory and waits for Signals may begin on the loop itself: begin_here().
// `work` must not throw, and owns or outlives all it touches; the coroutine
// waits for its end even when it is cancelled meanwhile. The pool is thread-safe and outlives its
// callers.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace sluice::runtime {

class BlockingPool {
  public:
    // One unit of work; lives in the frame of the coroutine that waits for it.
    class Job {
      public:
        virtual ~Job() = default;
        virtual void run() = 0;

      private:
        friend class BlockingPool;
        std::move_only_function<void()> resume_;
        Job* next_ = nullptr;
        bool is_refused_ = false;  // the pool had stopped
    };

    struct Load {
        std::size_t queued = 0;  // waits for a thread
        std::size_t busy = 0;    // is being done
    };

    // `niceness`: above 0 the threads get less of a busy processor than the loops. `fibers`: so many pieces of
    // work may be under way, each on a stack of its own, and one that waits for a Signal (a commit) leaves
    // its thread to others. Such work holds no mutex while it waits. With as many
    // threads there is always one to go on with what others block for. 0: a thread for each.
    explicit BlockingPool(unsigned threads, int niceness = 0, unsigned fibers = 0);
    ~BlockingPool();
    BlockingPool(const BlockingPool&) = delete;
    BlockingPool& operator=(const BlockingPool&) = delete;

    // Ends when job.run() has returned. Work that comes after stop_and_join() is not begun, and its wait ends as that of
    // a task that was cancelled: a loop must not stand still for what another piece of work on it has to go on for.
    boost::asio::awaitable<void> run(Job& job);
    // The same, begun on the caller's loop and gone on with there after each Signal, until it calls before_blocking()
    // (base/signal.hpp): then a thread of the pool goes on with it. Without a fiber that is free: as run().
    boost::asio::awaitable<void> run_here(Job& job);
    // Finishes what is queued and ends the threads. While the loops run on which work has begun; nobody asks for more
    // who has not been cancelled already.
    void stop_and_join();
    Load load() const;

  private:
    class Worked;
    struct Sleeper;

    void push(Job& job);
    static void throw_if_refused(const Job& job);
    template <class Handler>
    static boost::asio::any_io_executor expect(Job& job, Handler handler);
    bool begin_here(Job& job, const boost::asio::any_io_executor& loop);
    void go_on_here(Worked& work);
    void leave_here(Worked& work);
    void work_until_stopped(Sleeper& sleeper);
    void begin_next(std::unique_lock<std::mutex>& lock);
    void go_on_with_next(std::unique_lock<std::mutex>& lock);
    void resume(Worked* chain);
    void leave(Worked& work, std::unique_lock<std::mutex>& lock);
    bool has_job() const { return first_ != nullptr && (fibers_.empty() || !free_.empty()); }
    Sleeper* take_sleeper();
    static void wake(Sleeper* sleeper);
    void wake_all();

    mutable std::mutex mutex_;  // guards what is below, but for the threads
    Load load_;
    Job* first_ = nullptr;
    Job* last_ = nullptr;
    bool is_stopping_ = false;
    std::vector<Sleeper*> idle_;  // the last one is woken first: its memory is still near
    bool is_waking_ = false;      // one of them has been told
    std::vector<Worked*> free_;   // without work
    std::deque<Worked*> ready_;   // to be gone on with
    std::vector<std::unique_ptr<Worked>> fibers_;
    std::vector<std::unique_ptr<Sleeper>> sleepers_;
    std::vector<std::thread> threads_;
};

namespace detail {

template <class F, class R>
class JobOf final : public BlockingPool::Job {
  public:
    explicit JobOf(F& work) : work_(work) {}
    void run() override { result_.emplace(work_()); }
    R take() { return std::move(*result_); }

  private:
    F& work_;
    std::optional<R> result_;
};

template <class F>
class JobOf<F, void> final : public BlockingPool::Job {
  public:
    explicit JobOf(F& work) : work_(work) {}
    void run() override { work_(); }
    void take() {}

  private:
    F& work_;
};

}  // namespace detail

template <class F>
boost::asio::awaitable<std::invoke_result_t<F&>> run_blocking(BlockingPool& pool, F work) {
    detail::JobOf<F, std::invoke_result_t<F&>> job(work);
    co_await pool.run(job);
    co_return job.take();
}

// Of work that has nothing to compute for long, and calls before_blocking() wherever it may stand still.
template <class F>
boost::asio::awaitable<std::invoke_result_t<F&>> begin_here(BlockingPool& pool, F work) {
    detail::JobOf<F, std::invoke_result_t<F&>> job(work);
    co_await pool.run_here(job);
    co_return job.take();
}

}  // namespace sluice::runtime
