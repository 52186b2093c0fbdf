// What a proxy says of the request that it passes on: X-Forwarded-Proto, the scheme that the client used,
// and X-Forwarded-For, its address. Only of a proxy that is trusted: anybody can send these fields.
#pragma once

#include <functional>
#include <string_view>

#include "http/request.hpp"

namespace sluice::http {

// Precondition: request.peer is trusted. Of several addresses the last one counts that `trusts` does not
// know: what stands before it anybody may have written. What is no scheme or address is as if it had not
// been said.
void apply_forwarded(Request& request, const std::function<bool(std::string_view)>& trusts);

}  // namespace sluice::http
