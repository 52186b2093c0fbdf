// Decides from the fields of a request where its body ends and what becomes of the connection (RFC
// 9112, 6 and 9). Pure. Two readings of one message are how requests are smuggled, so there is only
// one here, or a refusal.
#pragma once

#include "base/result.hpp"
#include "http/request.hpp"

namespace sluice::http {

// Sets content_length, is_chunked, expects_continue, wants_close and base_url (unless the target
// has given it). Errors: request_malformed, transfer_encoding_unsupported, expectation_unknown.
Result<void> decide_framing(Request& request);

}  // namespace sluice::http
