// X's v1.1 calls about what hangs on a medium: metadata/create.json, subtitles/create.json and
// subtitles/delete.json (reference 2.8, 2.9). Each takes JSON and answers 200 with nothing, which is
// not labelled JSON (clients would parse it).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <string_view>

#include "http/body_reader.hpp"
#include "http/response.hpp"
#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"

namespace sluice::protocol::x_v1 {

class AnnotationsEndpoint {
  public:
    explicit AnnotationsEndpoint(const Context& context) : context_(context) {}

    static bool serves(std::string_view path);
    boost::asio::awaitable<http::Response> handle(Exchange& exchange, http::BodyReader& body) const;

  private:
    boost::asio::awaitable<Result<Attachments>> run(Exchange& exchange, boost::json::object body)
        const;

    const Context& context_;
};

}  // namespace sluice::protocol::x_v1
