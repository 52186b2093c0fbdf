// What a development server offers to clients that have X's hosts built in; asked by `sluice env`.
// Filled by the wiring before anything is served, immutable afterwards.
#pragma once

#include <string>
#include <vector>

namespace sluice::protocol {

struct DevEnvironment {
    std::string tls_url = {};    // empty: started without --dev-tls
    std::string proxy_url = {};  // empty: without --dev-proxy
    // Absolute paths on this machine.
    std::string ca_file = {};
    std::string ca_bundle_file = {};
    std::string node_hook_file = {};
    std::string ruby_hook_file = {};
    std::vector<std::string> hosts = {};
};

}  // namespace sluice::protocol
