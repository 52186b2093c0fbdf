// What of a request its sender has signed by OAuth 1.0a: the request as the sender saw it, whatever stands in front of us.
#pragma once

#include "http/request.hpp"
#include "protocol/oauth/signature.hpp"

namespace sluice::protocol {

// The parameters of a form are not among it.
oauth::SignedRequest signed_request(const http::Request& request);

}  // namespace sluice::protocol
