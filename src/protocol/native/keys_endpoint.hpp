// /api/v1/keys: make, list, revoke and renew keys. Scope admin; in open mode whoever reaches the
// server, which then listens on loopback only.
//   GET /api/v1/keys · POST /api/v1/keys {name, scopes, user_id, app_name, expires_in_secs}
//   POST /api/v1/keys/{id}/rotate · POST /api/v1/keys/{id}/revoke · DELETE /api/v1/keys/{id}
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string_view>

#include "http/body_reader.hpp"
#include "http/response.hpp"
#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"
#include "service/keys.hpp"

namespace sluice::protocol::native {

class KeysEndpoint {
  public:
    KeysEndpoint(const Context& context, Keys& keys) : context_(context), keys_(keys) {}

    static bool serves(std::string_view path) {
        return path == "/api/v1/keys" || path.starts_with("/api/v1/keys/");
    }
    boost::asio::awaitable<http::Response> handle(Exchange& exchange, http::BodyReader& body) const;

  private:
    boost::asio::awaitable<http::Response> dispatch(Exchange& exchange, http::BodyReader& body)
        const;
    boost::asio::awaitable<http::Response> list(const http::Request& request) const;
    boost::asio::awaitable<http::Response> create(Exchange& exchange, http::BodyReader& body) const;
    boost::asio::awaitable<http::Response> revoke(const http::Request& request, KeyId id) const;
    boost::asio::awaitable<http::Response> rotate(const http::Request& request, KeyId id) const;

    const Context& context_;
    Keys& keys_;
};

}  // namespace sluice::protocol::native
