// Why an OAuth 1.0a signature does not match: the mistakes that clients make are tried, one after
// the other, until one gives the signature that was sent. For callers whose consumer key is real;
// says which rule was used and never a secret or the right signature. Pure.
#pragma once

#include <optional>
#include <string>

#include "protocol/oauth/signature.hpp"

namespace sluice::oauth {

struct Explanation {
    std::string facts;        // whole sentences: what the client did, and the rule
    std::string base_string;  // what it signed
};

// `unsigned_body`: the text fields of a body that is not signed (multipart, JSON), as far as they
// were read; `body_kind` says which for people. Nothing if no known mistake explains it.
std::optional<Explanation> explain(
    const SignedRequest& request,
    const OAuth1Fields& fields,
    const Secrets& secrets,
    const Parameters& unsigned_body,
    const std::string& body_kind
);

}  // namespace sluice::oauth
