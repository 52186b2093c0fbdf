#include "server/dev_door.hpp"

#include <chrono>

#include "base/log.hpp"
#include "dev_tls/authority.hpp"
#include "dev_tls/client_files.hpp"
#include "dev_tls/hosts.hpp"

namespace sluice::server {
namespace {

// The last bytes of an answer may still be on their way through a tunnel.
constexpr std::chrono::seconds last_words{2};

std::string url_of(const char* scheme, const std::string& host, std::uint16_t port) {
    const bool is_v6 = host.contains(':');
    return std::string(scheme) + (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

void warn(const dev_tls::Authority& authority, const protocol::DevEnvironment& environment) {
    log::warning(
        "dev_tls",
        "FOR DEVELOPMENT ONLY: this server passes for X's hosts on this machine, with a CA of its "
        "own. Trust that CA in test shells alone, as `sluice env` does, and never install it for "
        "the whole machine.",
        {{"ca", environment.ca_file},
         {"ca_is_new", authority.is_new()},
         {"ca_valid_until", rfc3339(authority.valid_until())},
         {"tls", environment.tls_url},
         {"proxy", environment.proxy_url}}
    );
}

}  // namespace

Result<protocol::DevEnvironment> DevDoor::open(const Settings& settings, WallTime now) {
    protocol::DevEnvironment environment;
    if (!settings.dev_tls) {
        return environment;
    }
    const std::string folder = settings.data + "/dev-ca";
    const auto authority = dev_tls::Authority::open(folder, now);
    if (!authority) {
        return authority.error();
    }
    const auto identity = authority->issue(now);
    if (!identity) {
        return identity.error();
    }
    if (auto opened = open_ports(settings, *identity, environment); !opened) {
        return std::move(opened).error();
    }
    const auto files = dev_tls::write_client_files(
        folder, authority->certificate(), settings.dev_tls_listen.host, tls_port_
    );
    if (!files) {
        return files.error();
    }
    environment.ca_file = files->ca;
    environment.ca_bundle_file = files->bundle;
    environment.node_hook_file = files->node_hook;
    environment.ruby_hook_file = files->ruby_hook;
    environment.hosts.assign(dev_tls::x_hosts.begin(), dev_tls::x_hosts.end());
    warn(*authority, environment);
    return environment;
}

Result<void> DevDoor::open_ports(
    const Settings& settings,
    const dev_tls::ServerIdentity& identity,
    protocol::DevEnvironment& environment
) {
    const auto https = listener_.listen("127.0.0.1", 0, http::Scheme::https);
    const auto http = listener_.listen("127.0.0.1", 0);
    if (!https || !http) {
        return https ? http.error() : https.error();
    }
    const auto terms = dev_tls::make_tunnel_terms(identity, {.https = *https, .http = *http});
    if (!terms) {
        return terms.error();
    }
    const auto& tls = settings.dev_tls_listen;
    const auto tls_port = doors_.open(dev_tls::DoorKind::tls, tls.host, tls.port, *terms);
    if (!tls_port) {
        return tls_port.error();
    }
    tls_port_ = *tls_port;
    environment.tls_url = url_of("https://", tls.host, tls_port_);
    if (const auto& proxy = settings.dev_proxy) {
        const auto port = doors_.open(dev_tls::DoorKind::proxy, proxy->host, proxy->port, *terms);
        if (!port) {
            return port.error();
        }
        environment.proxy_url = url_of("http://", proxy->host, *port);
    }
    return ok();
}

void DevDoor::drained() {
    doors_.drained(last_words);
}

}  // namespace sluice::server
