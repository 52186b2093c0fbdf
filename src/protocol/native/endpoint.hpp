// The native API: /api/v1/uploads and below (contract, section 5). An upload as it is, with what
// has come, what is missing and what came out. Knows no other protocol.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string_view>

#include "http/handler.hpp"
#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"

namespace sluice::protocol::native {

class Endpoint {
  public:
    explicit Endpoint(const Context& context) : context_(context) {}

    static bool serves(std::string_view path) { return path.starts_with("/api/v1/"); }
    boost::asio::awaitable<http::Response> handle(Exchange& exchange, http::BodyReader& body) const;

  private:
    boost::asio::awaitable<http::Response> list(const Exchange& exchange, Principal owner) const;
    // `rest`: what follows /api/v1/uploads/ in the path, which the request owns.
    boost::asio::awaitable<http::Response> below(
        Exchange& exchange, Principal owner, std::string_view rest
    ) const;
    boost::asio::awaitable<http::Response> one(
        const http::Request& request, Principal owner, MediaId id
    ) const;

    boost::asio::awaitable<http::Response> keep(
        const http::Request& request, Principal owner, MediaId id
    ) const;

    const Context& context_;
};

}  // namespace sluice::protocol::native
