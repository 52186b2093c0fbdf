// Who a request speaks for. In open mode that is whoever the credentials name, unchecked: the token
// of "Bearer TOKEN", the oauth_token (or consumer key) of an OAuth 1.0a header, or "anonymous". The
// credential itself is never kept: its digest is.
#pragma once

#include "base/result.hpp"
#include "core/principal.hpp"
#include "http/request.hpp"

namespace sluice::protocol {

// Errors: auth_malformed (a scheme without its token).
Result<Principal> principal_of(const http::Request& request);

}  // namespace sluice::protocol
