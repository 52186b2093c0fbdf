// X's v2 look-ups: GET /2/media?media_keys=…, GET /2/media/{media_key} and GET /2/media/analytics
// (reference 3.5). For the owner of a medium and its additional owners; to everybody else it does
// not exist.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "http/response.hpp"
#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"
#include "protocol/common/parameters.hpp"

namespace sluice::protocol::x_v2 {

class LookupEndpoint {
  public:
    explicit LookupEndpoint(const Context& context) : context_(context) {}

    // Asked after the endpoints that serve longer paths below /2/media.
    static bool serves(std::string_view path);
    boost::asio::awaitable<http::Response> handle(Exchange& exchange) const;

  private:
    boost::asio::awaitable<Result<http::Response>> run(Exchange& exchange) const;
    Result<http::Response> within_rate(Exchange& exchange, Result<http::Response> done) const;
    boost::asio::awaitable<Result<http::Response>> one(
        Exchange& exchange, std::string key, std::vector<std::string> fields
    ) const;
    boost::asio::awaitable<Result<http::Response>> several(
        Exchange& exchange, std::vector<std::string> keys, std::vector<std::string> fields
    ) const;
    boost::asio::awaitable<Result<Medium>> find(
        Exchange& exchange, std::string key, std::string_view parameter
    ) const;

    const Context& context_;
};

}  // namespace sluice::protocol::x_v2
