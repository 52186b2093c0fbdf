// The loopback ports of development: TLS, and the proxy. Accepts on one loop, spreads the
// connections over all, keeps them in a TaskGroup. Made by the wiring, used by its thread; the loops
// outlive it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "dev_tls/tunnel.hpp"
#include "runtime/event_loops.hpp"
#include "runtime/task_group.hpp"

namespace sluice::dev_tls {

enum class DoorKind : std::uint8_t { tls, proxy };

class Doors {
  public:
    explicit Doors(runtime::EventLoops& loops);
    ~Doors();
    Doors(const Doors&) = delete;
    Doors& operator=(const Doors&) = delete;

    // Opens host:port (port 0 takes a free one) and gives the port. Errors: parameter_invalid if the
    // address is not of the loopback, else those of system_error, the address in the facts.
    Result<std::uint16_t> open(
        DoorKind kind,
        const std::string& host,
        std::uint16_t port,
        std::shared_ptr<TunnelTerms> terms
    );
    // Stops accepting. Open tunnels end when the server ends its side of them.
    void drain();
    // Waits for the last tunnel, then cancels what is left.
    void drained(std::chrono::milliseconds grace);

  private:
    runtime::EventLoops& loops_;
    runtime::TaskGroup doors_{"dev_tls_accept"};
    std::shared_ptr<runtime::TaskGroup> tunnels_;  // shared with the doors
};

}  // namespace sluice::dev_tls
