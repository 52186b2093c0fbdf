// Owns the coroutines that run by themselves: logs their failure, cancels them, and tells when the
// last is gone. The only place that spawns. Thread-safe; tasks may be on several loops, each is
// cancelled on its own. A task must own all it touches, or its owner must outlive drained().
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace sluice::runtime {

class TaskGroup {
  public:
    // `name` stands in the log beside a task's failure.
    explicit TaskGroup(std::string name);
    ~TaskGroup();
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    // Runs `work` on `executor`, which is a loop's. After cancel() nothing new starts.
    void spawn(boost::asio::any_io_executor executor, boost::asio::awaitable<void> work);
    // What each task waits for ends with operation_aborted, and so does each later wait of it. Does
    // not block.
    void cancel();
    std::size_t size() const;
    // Blocks until no task is left, at most `patience`; true if none is. Never call it on a loop of
    // the tasks.
    bool drained(std::chrono::milliseconds patience) const;

  private:
    struct State;
    struct Task;

    std::shared_ptr<State> state_;  // shared with the completion of each task
};

}  // namespace sluice::runtime
