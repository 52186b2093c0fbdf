// The native API's look back: /api/v1/uploads/{id}/timeline, what was called and what came of it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string_view>

#include "http/response.hpp"
#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"

namespace sluice::protocol::native {

class HistoryEndpoint {
  public:
    explicit HistoryEndpoint(const Context& context) : context_(context) {}

    static bool serves(std::string_view path);
    boost::asio::awaitable<http::Response> handle(Exchange& exchange) const;

  private:
    boost::asio::awaitable<http::Response> timeline(
        const http::Request& request, Principal owner, MediaId id
    ) const;

    const Context& context_;
};

}  // namespace sluice::protocol::native
