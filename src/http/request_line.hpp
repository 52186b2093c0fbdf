// The first line of a request: method, target, version (RFC 9112, 3). Pure; used by the head parser
// only.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "http/request.hpp"

namespace sluice::http {

// Sets method, target, path, raw_query, version_minor, and base_url if the target is in absolute
// form. Errors: request_malformed, http_version_unsupported.
Result<void> parse_request_line(std::string_view line, Request& request);

// A host with an optional port, as in a Host field or an authority, without user information.
bool is_host(std::string_view text);

}  // namespace sluice::http
