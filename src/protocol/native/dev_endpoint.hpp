// GET /api/v1/dev/env: how clients on this machine reach us under X's names. Only with --dev-tls,
// and only for callers on the loopback who also name it in Host (a web page that has rebound its
// name to 127.0.0.1 does not): it tells paths of this machine.
#pragma once

#include <string_view>

#include "http/request.hpp"
#include "http/response.hpp"
#include "protocol/common/dev_environment.hpp"

namespace sluice::protocol::native {

class DevEndpoint {
  public:
    // `environment` outlives this; null: there is none.
    explicit DevEndpoint(const DevEnvironment* environment) : environment_(environment) {}

    static bool serves(std::string_view path) { return path == "/api/v1/dev/env"; }
    http::Response handle(const http::Request& request) const;

  private:
    const DevEnvironment* environment_;
};

}  // namespace sluice::protocol::native
