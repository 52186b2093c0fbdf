// What an authenticator decides from values alone: who a key speaks for, whether a time is near
// enough. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/access_key.hpp"
#include "http/request.hpp"
#include "protocol/oauth/oauth1_fields.hpp"

namespace sluice::protocol {

// How far oauth_timestamp may be from our clock, on both sides.
inline constexpr std::chrono::seconds oauth_window{300};

// "Bearer abc": scheme and what follows it.
struct AuthorizationField {
    std::string_view scheme;
    std::string_view rest;
};
AuthorizationField authorization_of(const http::Request& request);

// Whom the field Sluice-Owner names: in open mode anybody may be anybody, with keys an operator.
std::optional<Principal> named_owner(const http::Request& request);

Error malformed_credentials(std::string_view scheme);

// In open mode: whoever the token names.
Identity named_identity(std::string_view token, AuthScheme scheme);
// In open mode: whoever the head speaks for. Nothing: the form of the body may tell. Errors:
// auth_malformed and those of an OAuth header.
std::optional<Result<Identity>> identity_in_head(const http::Request& request);
Identity identity_in_form(std::string_view form);
// The token, else the consumer key; empty if there is neither.
std::string token_or_consumer(const oauth::Parameters& parameters);

// Errors: token_revoked, token_expired.
Result<Identity> identity_of(
    const AccessKey& key, AuthScheme scheme, bool is_app_only, WallTime now
);

// Errors: oauth_timestamp, with both times.
Result<void> check_timestamp(std::int64_t timestamp, WallTime now);

bool is_urlencoded(const http::Request& request);
// The same, and it is no file that comes as a stream.
bool may_have_credentials_in_form(const http::Request& request);

}  // namespace sluice::protocol
