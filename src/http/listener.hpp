// The server's doors: listens, accepts on every event loop (SO_REUSEPORT, the kernel spreads the
// connections), and ends gently. Made by the wiring; outlived by the loops, the handler, the
// metrics and the clock. Used by one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "base/result.hpp"
#include "http/connection_limits.hpp"
#include "http/handler.hpp"
#include "http/scheme.hpp"
#include "runtime/event_loops.hpp"
#include "runtime/task_group.hpp"

namespace sluice::http {

class ConnectionBudget;
struct LoopServices;

class Listener {
  public:
    Listener(
        runtime::EventLoops& loops,
        Handler& handler,
        Metrics& metrics,
        const Clock& clock,
        const ConnectionLimits& limits = {}
    );
    // drain() and drained() come first if the loops run.
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    // `scheme` is what the callers' URLs begin with: https for a door behind our own TLS.
    // Opens host:port (an address, with or without brackets, or a name; port 0 takes a free one) on
    // every loop and gives the port. May be called several times. Errors: those of system_error,
    // the address in the facts.
    Result<std::uint16_t> listen(
        const std::string& host, std::uint16_t port, Scheme scheme = Scheme::http
    );
    // Stops accepting; requests in flight, and those that have come by now, finish, their answers close; idle
    // connections end.
    // Does not block.
    void drain();
    // Waits for the last connection, then cancels what is left. True: nothing had to be cancelled.
    bool drained(std::chrono::milliseconds grace);

  private:
    runtime::EventLoops& loops_;
    const std::shared_ptr<ConnectionBudget> budget_;  // shared with the services and connections
    std::vector<std::shared_ptr<LoopServices>> services_;  // shared with the tasks of each loop
    runtime::TaskGroup doors_{"http_accept"};
    std::shared_ptr<runtime::TaskGroup> connections_;  // shared with the doors
};

}  // namespace sluice::http
