// /api/v1/faults: the injected weather of a development server.
//   GET     the rules with what they did, and how many clients recovered, by kind
//   POST    adds a rule: {"kind","route","rate","seed","when","delay_ms","cut_after_bytes"}
//   DELETE  ends all rules
// Outside of dev mode: dev_mode_only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string_view>

#include "http/body_reader.hpp"
#include "http/response.hpp"
#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"

namespace sluice::protocol::native {

class FaultsEndpoint {
  public:
    explicit FaultsEndpoint(const Context& context) : context_(context) {}

    static bool serves(std::string_view path) { return path == "/api/v1/faults"; }
    boost::asio::awaitable<http::Response> handle(Exchange& exchange, http::BodyReader& body) const;

  private:
    boost::asio::awaitable<Result<void>> add(Exchange& exchange, http::BodyReader& body) const;

    const Context& context_;
};

}  // namespace sluice::protocol::native
