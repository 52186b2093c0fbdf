// Where the time of a request went, for the answer's headers: Server-Timing on every answer, and the
// names that X uses on X's routes. Pure but for the clock.
#pragma once

#include "http/response.hpp"
#include "protocol/common/exchange.hpp"

namespace sluice::protocol {

void add_timing_headers(http::Response& response, const Exchange& exchange);

}  // namespace sluice::protocol
