// The credentials of an OAuth 1.0a call (RFC 5849, 3.1 and 3.5) as they came: in the Authorization
// header, in the query or in a urlencoded body, but from one place, each field once. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hmac.hpp"
#include "base/result.hpp"

namespace sluice::oauth {

// A parameter as it enters the signature: decoded once.
struct Parameter {
    std::string name;
    std::string value;
    auto operator<=>(const Parameter&) const = default;
};
using Parameters = std::vector<Parameter>;

enum class Place : std::uint8_t { header, query, form };

struct OAuth1Fields {
    std::string consumer_key;
    std::string token;  // empty: none was sent
    std::string nonce;
    std::int64_t timestamp = 0;
    std::string signature;  // base64, as sent
    HashKind hash = HashKind::sha1;
    Place place = Place::header;
    // The header's parameters but realm and oauth_signature; empty for the other places, whose
    // parameters are counted where they stand.
    Parameters of_header;
};

// The parameters of a header's text behind "OAuth ". Errors: auth_malformed.
Result<Parameters> parse_oauth_header(std::string_view text);
// A query or urlencoded body, in the order received. What cannot be decoded is taken as it stands:
// whoever uses the parameters refuses it.
Parameters parse_urlencoded(std::string_view text);
// False: parse_urlencoded() would find none.
bool may_have_oauth_fields(std::string_view urlencoded);
bool has_oauth_fields(const Parameters& parameters);

// Errors: auth_malformed, naming the field that is missing, doubled or not understood.
Result<OAuth1Fields> oauth1_fields_of(const Parameters& parameters, Place place);

// The named value, or empty.
std::string value_of(const Parameters& parameters, std::string_view name);

}  // namespace sluice::oauth
