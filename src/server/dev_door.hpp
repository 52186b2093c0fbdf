// Development TLS as the wiring sees it: the CA in DIR/dev-ca, the TLS port, the proxy, and what
// `sluice env` is told about them. Nothing of it exists unless it was asked for.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "dev_tls/doors.hpp"
#include "http/listener.hpp"
#include "protocol/common/dev_environment.hpp"
#include "runtime/event_loops.hpp"
#include "server/settings.hpp"

namespace sluice::server {

class DevDoor {
  public:
    // Loops and listener outlive it.
    DevDoor(runtime::EventLoops& loops, http::Listener& listener)
        : listener_(listener), doors_(loops) {}

    // If the settings ask for it: makes or loads the CA, opens the ports, warns loudly. Else
    // what it gives is empty. Before the loops run.
    Result<protocol::DevEnvironment> open(const Settings& settings, WallTime now);
    // Before the listener's own drain(), and drained() after its drained().
    void drain() { doors_.drain(); }
    void drained();

  private:
    Result<void> open_ports(
        const Settings& settings,
        const dev_tls::ServerIdentity& identity,
        protocol::DevEnvironment& environment
    );

    http::Listener& listener_;
    dev_tls::Doors doors_;
    std::uint16_t tls_port_ = 0;
};

}  // namespace sluice::server
