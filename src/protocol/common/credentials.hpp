// Who a request speaks for, and what that lets it do. The authenticator found it out before the
// endpoint was asked; an endpoint takes it from here:
//   auto owner = authorize(exchange, Scope::media_write);
//   if (!owner) { co_return refused(owner.error(), …); }
// In open mode everybody has all scopes.
#pragma once

#include "base/result.hpp"
#include "protocol/common/exchange.hpp"

namespace sluice::protocol {

// Errors: those of the credentials (auth_missing, auth_malformed, token_unknown, token_revoked,
// token_expired, oauth_signature, oauth_timestamp, oauth_nonce_reused, host_not_allowed).
Result<Principal> identify(const Exchange& exchange);

// As identify(), and app_only_token if that is an application without a user.
Result<Principal> identify_user(const Exchange& exchange);

// Precondition: identify() succeeded. Errors: scope_missing, with scopes present and needed;
// app_only_token.
Result<void> require_scope(const Exchange& exchange, Scope needed);

// Both.
Result<Principal> authorize(const Exchange& exchange, Scope needed);

// As authorize(); whoever has the scope admin may speak for the owner that Sluice-Owner names.
Result<Principal> authorize_for_owner(const Exchange& exchange, Scope needed);

}  // namespace sluice::protocol
