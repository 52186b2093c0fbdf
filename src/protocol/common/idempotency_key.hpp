// The header Idempotency-Key of calls that make an upload: a string in quotes (draft-ietf-httpapi-
// idempotency-key-header), or without them, as many clients send it.
#pragma once

#include <string>

#include "base/result.hpp"
#include "http/request.hpp"

namespace sluice::protocol {

// Empty if there is none. Errors: parameter_invalid.
Result<std::string> idempotency_key_of(const http::Request& request);

}  // namespace sluice::protocol
