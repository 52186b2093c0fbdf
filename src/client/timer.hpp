// Time as the client needs it: how long something took, and waiting that a stop ends. Tests pass
// one that does not wait and remembers what was asked.
#pragma once

#include <chrono>

#include "client/transport.hpp"

namespace sluice::client {

using Milliseconds = std::chrono::milliseconds;

class Timer {
  public:
    virtual ~Timer() = default;
    // Since an arbitrary start; never steps back.
    virtual Milliseconds now() = 0;
    // Waits; returns early once `stop` is raised. Called from several threads.
    virtual void wait(Milliseconds duration, const StopFlag& stop) = 0;
};

class SteadyTimer final : public Timer {
  public:
    Milliseconds now() override;
    void wait(Milliseconds duration, const StopFlag& stop) override;
};

}  // namespace sluice::client
