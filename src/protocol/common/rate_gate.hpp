// The rate limit as one call meets it: counts it once, in the bucket of its kind and caller; refuses
// it only when a use case has nothing else to say; tells in X's headers where the caller stands.
#pragma once

#include <string_view>

#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"
#include "service/admission.hpp"

namespace sluice::http {
struct Response;
}

namespace sluice::protocol {

// Lives in the frame of the call, like the exchange; both outlive the use case that asks. The
// exchange knows its caller and its call by then.
class RateGate final : public Admission {
  public:
    RateGate(const Context& context, Exchange& exchange) : context_(context), exchange_(exchange) {}
    // Errors: rate_limited; fault_injected, if somebody asked for bad weather.
    Result<void> admit() const override;
    // For a call that is refused whatever the rate: `mistake`, or rate_limited with the mistake's
    // facts behind its own, so that asking on and on is bounded, and the mistake is not hidden.
    Error admit_refused(Error mistake) const;

  private:
    Result<void> admit_rate() const;

    const Context& context_;
    Exchange& exchange_;
};

// x-rate-limit-limit, -remaining and -reset for an answer of X's routes, and what became of the
// call. `route` ("x1.init") tells the kind of a call that was refused before it was known.
void settle_rate(const Context& context, Exchange& exchange, http::Response& response);

}  // namespace sluice::protocol
