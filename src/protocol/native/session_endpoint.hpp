// /api/v1/session: who the console speaks for.
//   GET     {"auth","signed_in","principal","name","scopes"}: always answered
//   POST    signs in: with a bearer token in Authorization, or the code of the start's link in
//           Sluice-Link; answers with a cookie
//   DELETE  signs out
// With --auth open everybody is signed in.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string_view>

#include "http/response.hpp"
#include "protocol/common/console_sessions.hpp"
#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"
#include "service/keys.hpp"

namespace sluice::protocol::native {

class SessionEndpoint {
  public:
    // Without sessions the server believes anybody.
    SessionEndpoint(const Context& context, Keys& keys, ConsoleSessions* sessions)
        : context_(context), keys_(keys), sessions_(sessions) {}

    static bool serves(std::string_view path) { return path == "/api/v1/session"; }
    boost::asio::awaitable<http::Response> handle(const Exchange& exchange) const;

  private:
    boost::asio::awaitable<http::Response> sign_out(const Exchange& exchange) const;
    http::Response sign_in(const Exchange& exchange) const;

    const Context& context_;
    Keys& keys_;
    ConsoleSessions* const sessions_;
};

}  // namespace sluice::protocol::native
