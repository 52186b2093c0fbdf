// The seam between the connection and everything that answers. A handler is shared by all loops and
// must be immutable or guard itself. It may leave the body unread: the connection then drains a
// little of it or closes.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "http/body_reader.hpp"
#include "http/request.hpp"
#include "http/response.hpp"

namespace sluice::http {

class Handler {
  public:
    virtual ~Handler() = default;
    // `request` and `body` outlive the call (the connection's frame owns them).
    virtual boost::asio::awaitable<ResponsePtr> handle(
        const Request& request, BodyReader& body
    ) = 0;
    // The answer to a request without a body that nothing has to be waited for; nothing: handle() is to be
    // asked, and nothing has happened. Spares what a coroutine costs.
    virtual ResponsePtr at_once(const Request& /*request*/) { return nullptr; }
    // Whether what the other end says of who is behind it is believed: a proxy of ours.
    virtual bool trusts(std::string_view /*peer*/) const { return false; }
    // Whether the caller may look at this exchange afterwards, in full.
    virtual bool inspects(const Request& /*request*/) const { return false; }
    // The answer to a head that could not be parsed: no Request exists. `request_id` is fresh;
    // `received`: what has come of the head.
    virtual Response refuse(
        const Error& error, const std::string& request_id, std::string_view received
    ) = 0;
};

}  // namespace sluice::http
