// X's v2 calls about what hangs on a medium: POST /2/media/metadata, POST and DELETE
// /2/media/subtitles (reference 3.4). Each takes JSON and answers with what hangs on it now.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <string_view>

#include "http/body_reader.hpp"
#include "http/response.hpp"
#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"

namespace sluice::protocol::x_v2 {

class AnnotationsEndpoint {
  public:
    explicit AnnotationsEndpoint(const Context& context) : context_(context) {}

    static bool serves(std::string_view path);
    boost::asio::awaitable<http::Response> handle(Exchange& exchange, http::BodyReader& body) const;

  private:
    boost::asio::awaitable<Result<http::Response>> run(Exchange& exchange, http::BodyReader& body)
        const;
    boost::asio::awaitable<Result<http::Response>> metadata(
        Exchange& exchange, boost::json::object body
    ) const;
    boost::asio::awaitable<Result<http::Response>> attach(
        Exchange& exchange, boost::json::object body
    ) const;
    boost::asio::awaitable<Result<http::Response>> detach(
        Exchange& exchange, boost::json::object body
    ) const;

    const Context& context_;
};

}  // namespace sluice::protocol::x_v2
