#include "protocol/common/authenticator.hpp"

#include "base/digest.hpp"
#include "base/text.hpp"

namespace sluice::protocol {
namespace {

using boost::asio::awaitable;

struct Header {
    std::string_view scheme;
    std::string_view rest;
};

Header split_header(const http::Request& request) {
    const std::string_view value = trim(request.header("Authorization").value_or(""));
    const auto blank = std::min(value.find(' '), value.size());
    return {value.substr(0, blank), trim(value.substr(blank))};
}

Error malformed(std::string_view scheme) {
    return {
        .code = ErrorCode::auth_malformed,
        .facts = "The Authorization field has the scheme \"" + printable(scheme, 20) +
                 "\" and no token that can be read.",
    };
}

Identity in_open_mode(std::string_view token, AuthScheme scheme) {
    return {
        .principal = {"token:" + sha256_hex(token).substr(0, 32)},
        .name = "",
        .scheme = scheme,
    };
}

std::string token_or_consumer(const oauth::Parameters& parameters) {
    std::string token = oauth::value_of(parameters, "oauth_token");
    return token.empty() ? oauth::value_of(parameters, "oauth_consumer_key") : token;
}

// Revoked and expired keys are known, and told so.
Result<void> check_alive(const AccessKey& key, WallTime now) {
    if (key.revoked_at) {
        return Error{
            .code = ErrorCode::token_revoked,
            .facts =
                "The key \"" + key.name + "\" is revoked since " + rfc3339(*key.revoked_at) + ".",
        };
    }
    if (key.expires_at && *key.expires_at <= now) {
        return Error{
            .code = ErrorCode::token_expired,
            .facts = "The key \"" + key.name + "\" expired at " + rfc3339(*key.expires_at) +
                     "; it is " + rfc3339(now) + " now.",
        };
    }
    return ok();
}

Identity identity_of(const AccessKey& key, AuthScheme scheme, bool is_app_only) {
    return {
        .principal = key.principal(),
        .name = key.name,
        .user_id = key.user_id,
        .scopes = is_app_only ? static_cast<Scope>(
                                    static_cast<unsigned>(key.scopes) &
                                    static_cast<unsigned>(Scope::tweet_read | Scope::users_read)
                                )
                              : key.scopes,
        .scheme = scheme,
        .is_app_only = is_app_only,
    };
}

}  // namespace

awaitable<void> Authenticator::authenticate(Exchange& exchange) const {
    auto identity =
        mode_ == AuthMode::open ? named(exchange.request) : co_await known(exchange.request);
    if (identity) {
        exchange.caller = *std::move(identity);
    } else {
        exchange.credentials_refused = std::move(identity).error();
    }
}

Result<Identity> Authenticator::named(const http::Request& request) const {
    const Header header = split_header(request);
    if (header.scheme.empty()) {
        return Identity{.principal = {"anonymous"}};
    }
    if (equals_ignoring_case(header.scheme, "OAuth")) {
        const auto parameters = oauth::parse_oauth_header(header.rest);
        if (!parameters) {
            return parameters.error();
        }
        const std::string token = token_or_consumer(*parameters);
        return token.empty() ? Result<Identity>(malformed(header.scheme))
                             : in_open_mode(token, AuthScheme::oauth1);
    }
    return header.rest.empty() ? Result<Identity>(malformed(header.scheme))
                               : in_open_mode(header.rest, AuthScheme::bearer);
}

awaitable<Result<Identity>> Authenticator::known(const http::Request& request) const {
    const Header header = split_header(request);
    if (header.scheme.empty()) {
        co_return Error{
            .code = ErrorCode::auth_missing,
            .facts =
                "There is no Authorization field, and this server was started with --auth "
                "keys.",
        };
    }
    if (!equals_ignoring_case(header.scheme, "Bearer") || header.rest.empty()) {
        co_return malformed(header.scheme);
    }
    auto token = std::string(header.rest);
    co_return co_await by_bearer(std::move(token));
}

awaitable<Result<Identity>> Authenticator::by_bearer(std::string token) const {
    const std::string digest = sha256_hex(token);
    Result<KnownKeyPtr> key(nullptr);
    if (auto cached = keys_.cached_bearer(digest)) {
        key = *std::move(cached);
    } else {
        auto work = [this, &digest] { return keys_.find_bearer(digest); };
        key = co_await runtime::run_blocking(pool_, std::move(work));
    }
    if (!key) {
        co_return std::move(key).error();
    }
    if (*key == nullptr) {
        co_return Error{
            .code = ErrorCode::token_unknown,
            .facts = "The bearer token has " + std::to_string(token.size()) +
                     " characters and belongs to no key of this server.",
        };
    }
    if (auto alive = check_alive((*key)->key, keys_.now()); !alive) {
        co_return std::move(alive).error();
    }
    const bool is_app_only = (*key)->app_bearer_digest == digest;
    co_return identity_of((*key)->key, AuthScheme::bearer, is_app_only);
}

}  // namespace sluice::protocol
