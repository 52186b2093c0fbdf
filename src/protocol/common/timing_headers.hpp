// Where the time of a request went, for the answer's headers: Server-Timing on every answer, and the
// names that X uses on X's routes. Pure.
#pragma once

#include "http/response.hpp"
#include "protocol/common/exchange.hpp"

namespace sluice::protocol {

void add_timing_headers(
    http::Response& response, const Exchange& exchange, Timings::Duration total
);

}  // namespace sluice::protocol
