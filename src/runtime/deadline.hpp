// The deadline of whatever an object waits for just now. Renewing it on progress costs a store, not
// a timer operation: the timer looks at the time when it fires and sleeps on. Used by connections;
// lives on one loop, no thread safety. `on_expiry` typically cancels a socket; the wait then ends
// with operation_aborted, and has_expired() tells why.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace sluice::runtime {

class Deadline {
  public:
    // `on_expiry` is called on `executor`, never after this object's end.
    Deadline(const boost::asio::any_io_executor& executor, std::function<void()> on_expiry);
    ~Deadline();
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    // Replaces the deadline before, expired or not.
    void set(std::chrono::milliseconds from_now);
    // Nothing is waited for.
    void clear();
    // Since the last set().
    bool has_expired() const;

  private:
    struct State;
    std::shared_ptr<State> state_;  // shared with the handler of the timer
};

}  // namespace sluice::runtime
