// What time it is for a call: one that is answered at once is answered at the moment when it came, and the clock is looked
// at once for all that its answer tells.
#pragma once

#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"

namespace sluice::protocol {

inline WallTime now_of(const Context& context, const Exchange& exchange) {
    return exchange.moment ? *exchange.moment : context.uploads.now();
}

// What is answered at once has waited for nothing: the whole of its time tells as much.
inline void note_auth(Exchange& exchange) {
    if (!exchange.moment) {
        exchange.timings.auth = Timings::Clock::now() - exchange.timings.started;
    }
}

}  // namespace sluice::protocol
