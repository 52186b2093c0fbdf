// Who a request speaks for. In open mode that is whoever the credentials name, unchecked: the token
// of "Bearer TOKEN", the oauth_token (or consumer key) of an OAuth 1.0a header, or "anonymous". The
// credential itself is never kept: its digest is.
#pragma once

#include "base/result.hpp"
#include "protocol/common/exchange.hpp"

namespace sluice::protocol {

// Also noted in the exchange. Errors: auth_malformed (a scheme without its token).
Result<Principal> identify(Exchange& exchange);

}  // namespace sluice::protocol
