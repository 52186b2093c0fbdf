// Injected faults as one call meets them: before the work through the gate, after it on the answer.
// X's bytes go out, the truth stands in Sluice-Error and Sluice-Fault.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"

namespace sluice::http {
struct Response;
}

namespace sluice::protocol {

// Asked right before the work. Errors: fault_injected.
Result<void> weather_before(const Context& context, Exchange& exchange);

// Makes of the answer what the fault makes of it, waits if it is to be slow, and counts who has
// recovered. Does nothing while there are no rules.
boost::asio::awaitable<void> weather_after(
    const Context& context, Exchange& exchange, http::Response& response
);

}  // namespace sluice::protocol
