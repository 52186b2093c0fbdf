// Stand-ins for the v1.1 calls that use media, so that a script runs to its end:
// statuses/update.json, direct_messages/events/new.json and account/verify_credentials.json. They
// check the media, claim it and answer in X's shape; nothing is published, and nothing of it can be
// read again.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string_view>

#include "http/body_reader.hpp"
#include "http/response.hpp"
#include "protocol/common/annotation_calls.hpp"
#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"
#include "protocol/common/stand_in.hpp"
#include "protocol/x_v1/encode_post.hpp"

namespace sluice::protocol::x_v1 {

class PostsEndpoint {
  public:
    explicit PostsEndpoint(const Context& context) : context_(context) {}

    static bool serves(std::string_view path);
    boost::asio::awaitable<http::Response> handle(Exchange& exchange, http::BodyReader& body) const;

  private:
    boost::asio::awaitable<Result<http::Response>> run(
        Exchange& exchange, http::BodyReader& body, StandIn kind
    ) const;
    boost::asio::awaitable<Result<http::Response>> update(
        Exchange& exchange, http::BodyReader& body
    ) const;
    boost::asio::awaitable<Result<http::Response>> message(
        Exchange& exchange, http::BodyReader& body
    ) const;
    Post post_of(const Exchange& exchange, Used used, std::string text) const;

    const Context& context_;
};

}  // namespace sluice::protocol::x_v1
