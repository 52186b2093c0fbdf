// Delivery: GET and HEAD /media/{media_key}/{name}, with Range, ETag and If-None-Match (RFC 9110,
// 13 and 14). The original is a download for its owner alone; what we produced is for everybody,
// immutable, with the type that we gave it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "http/handler.hpp"
#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"

namespace sluice::protocol::delivery {

class Endpoint {
  public:
    explicit Endpoint(const Context& context) : context_(context) {}

    static bool serves(std::string_view path) { return path.starts_with("/media/"); }
    boost::asio::awaitable<http::Response> handle(Exchange& exchange, http::BodyReader& body) const;

  private:
    Result<Principal> reader_of(const Exchange& exchange) const;
    http::Response answer(const http::Request& request, Delivered file) const;
    std::optional<std::string> link_to(const Delivered& file) const;
    http::Response redirect(
        const http::Request& request, const Delivered& file, const std::string& link
    ) const;
    http::Response answer_text(const http::Request& request, const Delivered& file) const;

    const Context& context_;
};

}  // namespace sluice::protocol::delivery
