// OAuth 1.0a as X wants it (RFC 5849, HMAC-SHA1): what of a request is signed depends on how its
// body is encoded. Pure: nonce and time come in, so that published examples can be checked. The
// secrets are never printed by anybody.
#pragma once

#include <cstdint>
#include <string>

#include "client/transport.hpp"

namespace sluice::client {

struct OAuth1Keys {
    std::string consumer_key;
    std::string consumer_secret;
    std::string token;
    std::string token_secret;
};

// Method, address and parameters, each encoded, as RFC 5849 (3.4.1) joins them. Parameters are
// those of the query, the oauth_ ones, and those of the body if, and only if, it is urlencoded.
std::string oauth1_base_string(
    const HttpRequest& request,
    const OAuth1Keys& keys,
    const std::string& nonce,
    std::int64_t timestamp
);

// The value of the Authorization header. A nonce is for one try: a retry is signed anew.
std::string oauth1_header(
    const HttpRequest& request,
    const OAuth1Keys& keys,
    const std::string& nonce,
    std::int64_t timestamp
);

}  // namespace sluice::client
