#include "protocol/common/credentials.hpp"

#include "core/access_key.hpp"
#include "protocol/common/identities.hpp"

namespace sluice::protocol {
namespace {

Error for_no_user(const Identity& caller, const std::string& more = "") {
    return {
        .code = ErrorCode::app_only_token,
        .facts = "The app-only token of key \"" + caller.name +
                 "\" speaks for an application and for no user; this call needs a user" + more +
                 ".",
    };
}

}  // namespace

Result<Principal> identify(const Exchange& exchange) {
    if (exchange.caller) {
        return exchange.caller->principal;
    }
    return exchange.credentials_refused ? *exchange.credentials_refused
                                        : Error{.code = ErrorCode::auth_missing};
}

Result<Principal> identify_user(const Exchange& exchange) {
    return exchange.caller && exchange.caller->is_app_only ? for_no_user(*exchange.caller)
                                                           : identify(exchange);
}

Result<void> require_scope(const Exchange& exchange, Scope needed) {
    const Identity& caller = *exchange.caller;
    if (has_scope(caller.scopes, needed)) {
        return ok();
    }
    if (caller.is_app_only) {
        return for_no_user(caller, " with the scope " + listed(needed));
    }
    return Error{
        .code = ErrorCode::scope_missing,
        .facts = "The key \"" + caller.name + "\" has the scopes " + listed(caller.scopes) +
                 "; this call needs " + listed(needed) + ".",
    };
}

Result<Principal> authorize(const Exchange& exchange, Scope needed) {
    auto principal = identify(exchange);
    if (principal) {
        if (auto admitted = require_scope(exchange, needed); !admitted) {
            return std::move(admitted).error();
        }
    }
    return principal;
}

Result<Principal> authorize_for_owner(const Exchange& exchange, Scope needed) {
    auto principal = authorize(exchange, needed);
    if (principal && has_scope(exchange.caller->scopes, Scope::admin)) {
        if (auto owner = named_owner(exchange.request)) {
            return *std::move(owner);
        }
    }
    return principal;
}

}  // namespace sluice::protocol
