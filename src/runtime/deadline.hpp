// The deadline of whatever an object waits for just now. All of a loop share one timer, and renewing one on progress
// costs a store: whoever is due too early by the queue is put back when the timer fires. Used by connections; lives on
// one loop, no thread safety. `on_expiry` typically cancels a socket; the wait then ends with operation_aborted, and
// has_expired() tells why.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace sluice::runtime {

class Deadlines;

class Deadline {
  public:
    using Time = std::chrono::steady_clock::time_point;

    // `on_expiry`, which has at most a pointer or a reference with it, is called on `executor`, which is a loop's, and never
    // after this object's end.
    template <class OnExpiry>
    Deadline(const boost::asio::any_io_executor& executor, OnExpiry on_expiry)
        : Deadline(executor) {
        static_assert(sizeof on_expiry <= sizeof with_ && std::is_trivially_copyable_v<OnExpiry>);
        std::memcpy(&with_, &on_expiry, sizeof on_expiry);
        on_expiry_ = [](void* with) { (*static_cast<OnExpiry*>(with))(); };
    }
    ~Deadline();
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    // Replaces the deadline before, expired or not.
    void set(std::chrono::milliseconds from_now);
    // By a clock that was looked at just now.
    void set(std::chrono::milliseconds from_now, Time now);
    // Nothing is waited for.
    void clear() { due_ = Time::max(); }
    // Since the last set().
    bool has_expired() const { return has_expired_; }

  private:
    friend class Deadlines;

    explicit Deadline(const boost::asio::any_io_executor& executor);

    Deadlines& all_;  // of the loop
    void (*on_expiry_)(void* with) = nullptr;
    void* with_ = nullptr;       // its memory, of a function object's state
    Time due_ = Time::max();     // max: nothing is waited for
    Time queued_ = Time::max();  // max: not in the queue
    std::size_t place_ = 0;      // in the queue
    bool has_expired_ = false;
};

}  // namespace sluice::runtime
