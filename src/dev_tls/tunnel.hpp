// One connection that is not plain HTTP to us: TLS for X's hosts, taken off here and led to the
// server's own loopback listeners, or the request to a proxy in front of it. Spawned by Doors on
// one loop; everything of a tunnel stays there. Each wait has a deadline that progress renews.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>

#include "base/result.hpp"
#include "dev_tls/authority.hpp"

namespace sluice::dev_tls {

using Socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// The server's listeners on 127.0.0.1 that tunnels lead to.
struct Backends {
    std::uint16_t https = 0;  // takes the plain bytes of what came over TLS
    std::uint16_t http = 0;
};

// What all tunnels share, immutable: certificate, key, backends.
class TunnelTerms;
Result<std::shared_ptr<TunnelTerms>> make_tunnel_terms(
    const ServerIdentity& identity, Backends backends
);

// TLS from the first byte.
boost::asio::awaitable<void> serve_tls(Socket socket, std::shared_ptr<TunnelTerms> terms);
// A proxy's client: CONNECT, or a whole http:// URL.
boost::asio::awaitable<void> serve_proxy(Socket socket, std::shared_ptr<TunnelTerms> terms);

}  // namespace sluice::dev_tls
