// Writes each answered call into the timeline of the upload that it was about, and puts the notices
// of the exchange into the answer's head. Called by the router on a loop's thread, so it must not
// wait for anything.
#pragma once

#include <chrono>

#include "http/response.hpp"
#include "protocol/common/exchange.hpp"
#include "service/timeline.hpp"

namespace sluice::server {

void add_notices(http::Response& response, const protocol::Exchange& exchange);

// Takes the facts of the error out of the response. `took`: from the head of the request to the answer.
void record(
    Timeline& timeline,
    const protocol::Exchange& exchange,
    http::Response& response,
    WallTime now,
    std::chrono::milliseconds took
);

}  // namespace sluice::server
