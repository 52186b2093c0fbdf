#include "runtime/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <unordered_set>
#include <utility>

#include "base/log.hpp"

namespace sluice::runtime {

namespace asio = boost::asio;

namespace {

struct Task {
    explicit Task(asio::any_io_executor on) : executor(std::move(on)) {}
    asio::any_io_executor executor;
    // Both are touched on the executor's thread only.
    asio::cancellation_signal signal;
    bool is_cancelled = false;
};

void log_failure(const std::string& group, const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const boost::system::system_error& error) {
        if (error.code() != asio::error::operation_aborted) {
            log::error(
                "task_failed",
                "a task ended with an error",
                {{"group", group}, {"detail", error.what()}}
            );
        }
    } catch (const std::exception& error) {
        log::error(
            "task_failed",
            "a task ended with an exception",
            {{"group", group}, {"detail", error.what()}}
        );
    } catch (...) {
        log::error("task_failed", "a task ended with an unknown exception", {{"group", group}});
    }
}

}  // namespace

struct TaskGroup::State {
    explicit State(std::string group) : name(std::move(group)) {}

    void finished(const std::shared_ptr<Task>& task, const std::exception_ptr& failure) {
        if (failure) {
            log_failure(name, failure);
        }
        const std::lock_guard lock(mutex);
        tasks.erase(task);
        if (tasks.empty()) {
            became_empty.notify_all();
        }
    }

    const std::string name;
    mutable std::mutex mutex;
    mutable std::condition_variable became_empty;
    std::unordered_set<std::shared_ptr<Task>> tasks;
    bool is_cancelled = false;
};

namespace {

void cancel_on_its_loop(const std::shared_ptr<Task>& task) {
    asio::post(task->executor, [task] {
        task->is_cancelled = true;
        task->signal.emit(asio::cancellation_type::terminal);
    });
}

}  // namespace

TaskGroup::TaskGroup(std::string name) : state_(std::make_shared<State>(std::move(name))) {}

TaskGroup::~TaskGroup() = default;

void TaskGroup::spawn(asio::any_io_executor executor, asio::awaitable<void> work) {
    auto task = std::make_shared<Task>(std::move(executor));
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->is_cancelled) {
            return;
        }
        state_->tasks.insert(task);
    }
    // Started on its own loop, so that the signal's slot is connected and emitted by one thread.
    asio::dispatch(task->executor, [state = state_, task, work = std::move(work)]() mutable {
        if (task->is_cancelled) {
            state->finished(task, nullptr);
            return;
        }
        auto done = [state, task](std::exception_ptr failure) { state->finished(task, failure); };
        asio::co_spawn(
            task->executor,
            std::move(work),
            asio::bind_cancellation_slot(task->signal.slot(), std::move(done))
        );
    });
}

void TaskGroup::cancel() {
    const std::lock_guard lock(state_->mutex);
    state_->is_cancelled = true;
    for (const auto& task : state_->tasks) {
        cancel_on_its_loop(task);
    }
}

std::size_t TaskGroup::size() const {
    const std::lock_guard lock(state_->mutex);
    return state_->tasks.size();
}

bool TaskGroup::drained(std::chrono::milliseconds patience) const {
    std::unique_lock lock(state_->mutex);
    return state_->became_empty.wait_for(lock, patience, [this] { return state_->tasks.empty(); });
}

}  // namespace sluice::runtime
