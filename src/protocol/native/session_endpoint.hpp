// /api/v1/session: who the console speaks for.
//   GET     {"auth","signed_in","principal","name","scopes"}: always answered
//   POST    signs in: with a bearer token in Authorization, or the code of the start's link in
//           Sluice-Link; answers with a cookie
//   DELETE  signs out
// With --auth open everybody is signed in.
#pragma once

#include <string_view>

#include "http/response.hpp"
#include "protocol/common/console_sessions.hpp"
#include "protocol/common/exchange.hpp"

namespace sluice::protocol::native {

class SessionEndpoint {
  public:
    // Null: the server believes anybody.
    explicit SessionEndpoint(ConsoleSessions* sessions) : sessions_(sessions) {}

    static bool serves(std::string_view path) { return path == "/api/v1/session"; }
    http::Response handle(const Exchange& exchange) const;

  private:
    http::Response sign_in(const Exchange& exchange) const;

    ConsoleSessions* const sessions_;
};

}  // namespace sluice::protocol::native
