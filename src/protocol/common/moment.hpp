// What time it is for a call: one that is answered at once is answered at the moment when it came, and the clock is looked
// at once for all that its answer tells.
#pragma once

#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"

namespace sluice::protocol {

inline WallTime now_of(const Context& context, const Exchange& exchange) {
    return exchange.moment ? *exchange.moment : context.uploads.now();
}

}  // namespace sluice::protocol
