// What clients are pointed at: the CA's certificate, a bundle of it and the system's CAs (so that
// other hosts still verify), and a few lines for Node and Ruby, where
// clients know no proxy. Written anew at
// each start into the folder of the CA. Blocking.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace sluice::dev_tls {

// Absolute paths.
struct ClientFiles {
    std::string ca;
    std::string bundle;
    std::string node_hook;
    std::string ruby_hook;
    bool has_system_cas = false;
};

// `host` and `port`: where TLS is spoken for the names of hosts.hpp.
Result<ClientFiles> write_client_files(
    const std::string& folder,
    const std::string& ca_certificate,
    const std::string& host,
    std::uint16_t port
);

}  // namespace sluice::dev_tls
