#include "runtime/task_group.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>
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

asio::io_context& loop_of(const asio::any_io_executor& executor) {
    return static_cast<asio::io_context&>(asio::query(executor, asio::execution::context));
}

// Of the exception that is being handled. Not inlined: the frame of run() would have room for its variables.
[[gnu::noinline]] void log_failure(const std::string& group) {
    try {
        throw;
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

    void finished(const std::shared_ptr<Task>& task) {
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

struct TaskGroup::Task {
    using EntryPoint = asio::awaitable<asio::detail::awaitable_thread_entry_point>;

    explicit Task(asio::io_context& of) : loop(of) {}
    // The group is not the task's: tasks whose loop has ended are forgotten with the group that still has them.
    static EntryPoint run(
        std::shared_ptr<State> group, std::shared_ptr<Task> task, asio::awaitable<void> work
    );

    asio::io_context& loop;
    // Both are touched on the loop's thread only.
    asio::cancellation_signal signal;
    bool is_cancelled = false;
};

// What stands below all that a task awaits. Asio's own one, behind co_spawn(), has room for any executor and any handler, and
// a slot of its own: 800 bytes of every connection, where this one has 240.
TaskGroup::Task::EntryPoint TaskGroup::Task::run(
    std::shared_ptr<State> group, std::shared_ptr<Task> task, asio::awaitable<void> work
) {
    const auto keeps_running =
        asio::require(task->loop.get_executor(), asio::execution::outstanding_work.tracked);
    try {
        co_await std::move(work);
    } catch (...) {
        log_failure(group->name);
    }
    group->finished(task);
}

TaskGroup::TaskGroup(std::string name) : state_(std::make_shared<State>(std::move(name))) {}

TaskGroup::~TaskGroup() = default;

void TaskGroup::spawn(asio::any_io_executor executor, asio::awaitable<void> work) {
    auto task = std::make_shared<Task>(loop_of(executor));
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->is_cancelled) {
            return;
        }
        state_->tasks.insert(task);
    }
    // Started on its own loop, so that the signal's slot is connected and emitted by one thread.
    asio::dispatch(task->loop, [state = state_, task, work = std::move(work)]() mutable {
        if (task->is_cancelled) {
            state->finished(task);
            return;
        }
        const auto slot = task->signal.slot();
        asio::any_io_executor of_loop = task->loop.get_executor();
        asio::detail::awaitable_thread<asio::any_io_executor>(
            Task::run(std::move(state), std::move(task), std::move(work)),
            of_loop,
            slot,
            asio::cancellation_state(slot)
        )
            .launch();
    });
}

void TaskGroup::cancel() {
    const std::lock_guard lock(state_->mutex);
    state_->is_cancelled = true;
    for (const auto& task : state_->tasks) {
        asio::post(task->loop, [task] {
            task->is_cancelled = true;
            task->signal.emit(asio::cancellation_type::terminal);
        });
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
