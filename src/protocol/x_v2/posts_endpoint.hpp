// Stand-ins for the v2 calls that use media, so that a script runs to its end: POST /2/tweets, the
// three forms of POST /2/dm_conversations, and GET /2/users/me. They check the media, claim it and
// answer in X's shape; nothing is published, and nothing of it can be read again.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string_view>

#include "http/body_reader.hpp"
#include "http/response.hpp"
#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"
#include "protocol/common/stand_in.hpp"

namespace sluice::protocol::x_v2 {

class PostsEndpoint {
  public:
    explicit PostsEndpoint(const Context& context) : context_(context) {}

    static bool serves(std::string_view path);
    boost::asio::awaitable<http::Response> handle(Exchange& exchange, http::BodyReader& body) const;

  private:
    boost::asio::awaitable<Result<http::Response>> run(
        Exchange& exchange, http::BodyReader& body, StandIn kind
    ) const;
    boost::asio::awaitable<Result<http::Response>> post(Exchange& exchange, http::BodyReader& body)
        const;
    boost::asio::awaitable<Result<http::Response>> message(
        Exchange& exchange, http::BodyReader& body
    ) const;

    const Context& context_;
};

}  // namespace sluice::protocol::x_v2
