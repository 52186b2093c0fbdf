// The signature of an OAuth 1.0a call (RFC 5849, 3.4): what is signed, and whether it was. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/oauth/oauth1_fields.hpp"

namespace sluice::oauth {

// A request as far as it enters a signature.
struct SignedRequest {
    std::string method;
    std::string authority;  // Host as received
    std::string path;       // as received, still encoded
    std::string raw_query;
    Parameters query;
    Parameters body;              // of a urlencoded body; of no other
    std::string scheme = "http";  // of the connection
};

struct Secrets {
    std::string consumer;
    std::string token;
};

// All parameters that are signed: the header's, the query's and the body's, but oauth_signature.
Parameters signed_parameters(const SignedRequest& request, const OAuth1Fields& fields);

// "name=value&…": encoded, then sorted by encoded name and value.
std::string normalized(const Parameters& parameters);
std::string base_string(std::string_view method, std::string_view url, std::string_view parameters);

// The base URLs that clients may have signed: both schemes (a terminator of TLS may stand in
// front), `scheme` first; with and without the port (libraries differ), default ports left out.
std::vector<std::string> base_urls(
    std::string_view authority, std::string_view path, std::string_view scheme
);

std::string signing_key(const Secrets& secrets);

// The bytes of a base64 text; nothing if it is none.
std::optional<std::string> decoded_signature(std::string_view base64);

bool is_signed(const SignedRequest& request, const OAuth1Fields& fields, const Secrets& secrets);

// What should have been signed, for the caller to compare: no secret is in it.
std::string expected_base_string(const SignedRequest& request, const OAuth1Fields& fields);

}  // namespace sluice::oauth
