// The native API's look back: /api/v1/uploads/{id}/timeline, what was called and what came of it, and
// /api/v1/uploads/{id}/diagnosis, what went wrong.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string_view>
#include <vector>

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
    // An upload with what it remembers.
    struct History {
        UploadDetails details;
        std::vector<TimelineEvent> events;
    };
    boost::asio::awaitable<Result<History>> history(Principal owner, MediaId id) const;

    const Context& context_;
};

}  // namespace sluice::protocol::native
