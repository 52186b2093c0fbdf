// The request inspector: what came and what was answered, one exchange at a time.
//   GET /api/v1/requests ?limit= &after= &failing=1|0 &method= &call= &media_id= &code= &format=har
//   GET /api/v1/requests/{id} ?format=har|curl
// Everybody sees their own exchanges, and all of them with scope admin; in open mode everybody has
// that (a development server has one user).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/response.hpp"
#include "protocol/common/exchange.hpp"
#include "protocol/common/parameters.hpp"
#include "protocol/common/recorder.hpp"

namespace sluice::protocol::native {

class RequestsEndpoint {
  public:
    // `believes_anybody`: whoever says a name is taken for its owner.
    RequestsEndpoint(const Recorder& recorder, bool believes_anybody)
        : recorder_(recorder), believes_anybody_(believes_anybody) {}

    static bool serves(std::string_view path) {
        return path == "/api/v1/requests" || path.starts_with("/api/v1/requests/");
    }
    http::Response handle(Exchange& exchange) const;

  private:
    http::Response list(const Exchange& exchange, const Parameters& parameters) const;
    http::Response one(const Exchange& exchange, std::string_view id, const Parameters& parameters)
        const;
    static const Principal* visible_to(const Exchange& exchange);

    const Recorder& recorder_;
    const bool believes_anybody_;
};

}  // namespace sluice::protocol::native
