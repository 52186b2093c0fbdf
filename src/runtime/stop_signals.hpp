// Waits for SIGTERM or SIGINT on the thread that asks: the main thread of `serve`. Made before any
// other thread. The signals are handled, not blocked, so child processes start with the defaults.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

namespace sluice::runtime {

class StopSignals {
  public:
    StopSignals();
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    // The signal that came, or nothing after `patience`. 0 is a request_stop().
    std::optional<int> wait_for(std::chrono::milliseconds patience);
    // Blocks until one comes.
    int wait();
    // Ends the wait as a signal would; from any thread.
    void request_stop();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::runtime
