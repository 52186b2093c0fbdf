// A coroutine that is awaited once, or started and left to end. Eager nothing, lazy everything:
// it runs when it is awaited or `start`ed, and belongs to whoever holds it.
#pragma once
#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace sluice::bench {

template <class T>
struct Outcome {
    std::optional<T> value;
    void return_value(T given) { value = std::move(given); }
    T take() { return std::move(*value); }
};
template <>
struct Outcome<void> {
    void return_void() {}
    void take() {}
};

template <class T = void>
class [[nodiscard]] Task {
  public:
    struct promise_type : Outcome<T> {
        std::coroutine_handle<> awaiting;
        std::exception_ptr error;

        struct ToWhoAwaits {
            bool await_ready() noexcept { return false; }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> done
            ) noexcept {
                const auto next = done.promise().awaiting;
                return next ? next : std::noop_coroutine();
            }
            void await_resume() noexcept {}
        };

        Task get_return_object() {
            return Task(std::coroutine_handle<promise_type>::from_promise(*this));
        }
        std::suspend_always initial_suspend() noexcept { return {}; }
        ToWhoAwaits final_suspend() noexcept { return {}; }
        void unhandled_exception() { error = std::current_exception(); }
    };

    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    Task& operator=(Task&&) = delete;
    ~Task() {
        if (handle_) {
            handle_.destroy();
        }
    }

    void start() { handle_.resume(); }
    bool is_done() const { return handle_.done(); }

    bool await_ready() const { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) {
        handle_.promise().awaiting = caller;
        return handle_;
    }
    T await_resume() {
        if (handle_.promise().error) {
            std::rethrow_exception(handle_.promise().error);
        }
        return handle_.promise().take();
    }
    // Of a task that was started and is done.
    void rethrow_error() const {
        if (handle_.promise().error) {
            std::rethrow_exception(handle_.promise().error);
        }
    }

  private:
    explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
    std::coroutine_handle<promise_type> handle_;
};

}  // namespace sluice::bench
