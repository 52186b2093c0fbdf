// What a proxy says of the request that it passes on: the scheme and the host that the client used and its
// address, in X-Forwarded-Proto, -Host and -For or in Forwarded (RFC 7239). Only of a proxy that is trusted:
// anybody can send these fields.
#pragma once

#include <functional>
#include <string_view>

#include "http/request.hpp"

namespace sluice::http {

// Precondition: request.peer is trusted. Of several addresses the last one counts that `trusts` does not
// know: what stands before it anybody may have written. What is no scheme, host or address is as if it had
// not been said, and so is what both kinds of fields tell differently: a proxy that writes the one passes
// on what its client wrote into the other.
void apply_forwarded(Request& request, const std::function<bool(std::string_view)>& trusts);

}  // namespace sluice::http
