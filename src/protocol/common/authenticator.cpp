#include "protocol/common/authenticator.hpp"

#include <algorithm>
#include <utility>

#include "base/digest.hpp"
#include "base/error_catalogue.hpp"
#include "base/text.hpp"
#include "protocol/common/identities.hpp"
#include "protocol/common/too_many_logins.hpp"
#include "protocol/common/unsigned_fields.hpp"
#include "protocol/oauth/diagnosis.hpp"

namespace sluice::protocol {
namespace {

using boost::asio::awaitable;
using oauth::Place;

// Signatures over less are checked on the loop's own thread.
constexpr std::size_t signed_at_once_bytes_max = 32 * 1024;
// Of a base string, in an answer.
constexpr std::size_t shown_bytes_max = 2000;

// What the client took for our name.
std::string authority_of(const http::Request& request) {
    const auto host = request.header("Host").value_or("");
    return request.direct_url ? request.base_url.substr(request.base_url.find("://") + 3)
                              : std::string(host);
}

oauth::SignedRequest signed_request(const http::Request& request) {
    const std::string_view target = request.target;
    const auto scheme = target.find("://");
    const auto begin = target.starts_with('/') || scheme == std::string_view::npos
                           ? 0
                           : std::min(target.find('/', scheme + 3), target.size());
    const std::string_view path = target.substr(begin, target.find('?') - begin);
    return {
        .method = request.method,
        .authority = authority_of(request),
        .path = std::string(path),
        .raw_query = request.raw_query,
        .query = oauth::parse_urlencoded(request.raw_query),
        .body = {},
        .scheme = request.base_url.starts_with("https://") ? "https" : "http",
    };
}

FailedLogin suspect_of(const Exchange& exchange) {
    const auto& key = exchange.claimed_key;
    return {exchange.request.peer, key ? std::string_view(*key) : std::string_view()};
}

Error missing() {
    return {
        .code = ErrorCode::auth_missing,
        .facts =
            "There is no Authorization field, and no oauth_ parameter in query or form; this "
            "server was started with --auth keys.",
    };
}

Error mixed() {
    return {
        .code = ErrorCode::auth_malformed,
        .facts =
            "oauth_ parameters stand in more than one of Authorization header, query and body; "
            "they "
            "must stand in one place.",
    };
}

Error twice() {
    return {
        .code = ErrorCode::auth_malformed,
        .facts = "There are several Authorization fields; one of them must speak for the call.",
    };
}

std::string shown(const std::string& base) {
    return base.size() <= shown_bytes_max
               ? base
               : base.substr(0, shown_bytes_max) + "… (" + std::to_string(base.size()) + " bytes)";
}

// The same words and the same work, whether the consumer key exists or not.
Error not_authenticated() {
    return {
        .code = ErrorCode::oauth_signature,
        .facts =
            "The signature is not one that this server can confirm for this consumer key: "
            "consumer key and secret are those of another server, or were mistyped.",
    };
}

// The database is away, and who asks looks after the server.
bool is_unasked_for_metrics(const Result<Identity>& identity, const http::Request& request) {
    return !identity && identity.error().code == ErrorCode::database_unavailable &&
           request.path == "/metrics";
}

std::optional<Error> mistake_in_place(
    std::string_view scheme, bool is_in_header, bool is_in_query
) {
    if (is_in_header && is_in_query) {
        return mixed();
    }
    return is_in_header || scheme.empty() ? std::nullopt
                                          : std::optional(malformed_credentials(scheme));
}

}  // namespace

awaitable<std::unique_ptr<http::BodyReader>> Authenticator::authenticate(
    Exchange& exchange, http::BodyReader& body
) {
    Replaced replaced;
    if (exchange.request.count("Authorization") > 1) {
        exchange.credentials_refused = twice();
        co_return replaced;
    }
    auto identity = mode_ == AuthMode::open ? co_await open(exchange.request, body, replaced)
                                            : co_await known(exchange, body, replaced);
    note(exchange, std::move(identity));
    co_return replaced;
}

void Authenticator::note(Exchange& exchange, Result<Identity> identity) {
    if (identity) {
        exchange.caller = *std::move(identity);
    } else {
        exchange.credentials_refused = counted(exchange, std::move(identity).error());
    }
}

Error Authenticator::counted(const Exchange& exchange, Error refused) {
    const bool is_wrong =
        refused.code == ErrorCode::token_unknown || refused.code == ErrorCode::oauth_signature;
    const WallTime now = keys_.now();
    const auto excess = is_wrong ? failed_.note(suspect_of(exchange), now) : std::nullopt;
    return excess ? too_many(*excess, refused, now) : refused;
}

bool Authenticator::authenticate_at_once(Exchange& exchange) {
    if (mode_ != AuthMode::open || exchange.request.count("Authorization") > 1) {
        return false;
    }
    auto identity = identity_in_head(exchange.request);
    if (!identity) {
        return false;
    }
    note(exchange, *std::move(identity));
    return true;
}

awaitable<Result<Identity>> Authenticator::open(
    const http::Request& request, http::BodyReader& body, Replaced& replaced
) {
    if (auto identity = identity_in_head(request)) {
        co_return *std::move(identity);
    }
    auto held = co_await HeldBody::read(body, held_);
    if (!held) {
        co_return std::move(held).error();
    }
    replaced = *std::move(held);
    co_return identity_in_form(replaced->text());
}

awaitable<Result<Identity>> Authenticator::known(
    Exchange& exchange, http::BodyReader& body, Replaced& replaced
) {
    const http::Request& request = exchange.request;
    const auto [scheme, rest] = authorization_of(request);
    const auto query = oauth::parse_urlencoded(request.raw_query);
    const bool is_in_query = oauth::has_oauth_fields(query);
    if (equals_ignoring_case(scheme, "Bearer") && !rest.empty()) {
        auto token = std::string(rest);
        exchange.bearer_digest = sha256_hex(token);
        auto identity = co_await by_bearer(std::move(token));
        if (is_unasked_for_metrics(identity, request)) {
            co_return of_late(exchange.bearer_digest, std::move(identity).error());
        }
        co_return identity;
    }
    const bool is_in_header = equals_ignoring_case(scheme, "OAuth");
    if (auto mistake = mistake_in_place(scheme, is_in_header, is_in_query)) {
        co_return *std::move(mistake);
    }
    if (!is_in_header && !is_in_query) {
        auto session = co_await session_of(request);
        if (!session) {
            co_return std::move(session).error();
        }
        if (*session) {
            co_return co_await by_session(exchange, **std::move(session));
        }
        co_return co_await by_form(exchange, body, replaced);
    }
    const auto parameters = is_in_header ? oauth::parse_oauth_header(rest) : query;
    if (!parameters) {
        co_return parameters.error();
    }
    auto fields = oauth1_fields_of(*parameters, is_in_header ? Place::header : Place::query);
    if (!fields) {
        co_return std::move(fields).error();
    }
    co_return co_await by_oauth1(exchange, body, *std::move(fields), replaced);
}

awaitable<Result<Identity>> Authenticator::by_bearer(std::string token) {
    auto digest = sha256_hex(token);
    auto identity = co_await by_digest(std::move(digest));
    if (!identity && identity.error().code == ErrorCode::token_unknown) {
        co_return Error{
            .code = ErrorCode::token_unknown,
            .facts = "The bearer token has " + std::to_string(token.size()) +
                     " characters and belongs to no key of this server.",
        };
    }
    co_return identity;
}

// What a server measures is wanted most while its database is away, and is nothing of a user's.
Result<Identity> Authenticator::of_late(const std::string& digest, Error unasked) {
    const KnownKeyPtr key = keys_.known_of_late(digest);
    if (key == nullptr) {
        return unasked;
    }
    const bool is_app_only = equal_in_constant_time(key->app_bearer_digest, digest);
    return identity_of(key->key, AuthScheme::bearer, is_app_only, keys_.now());
}

awaitable<Result<Identity>> Authenticator::by_digest(std::string digest) {
    Result<KnownKeyPtr> key(nullptr);
    if (auto cached = keys_.cached_bearer(digest)) {
        key = *std::move(cached);
    } else {
        auto work = [this, &digest] { return keys_.find_bearer(digest); };
        key = co_await runtime::run_blocking(reads_, std::move(work));
    }
    if (!key) {
        co_return std::move(key).error();
    }
    if (*key == nullptr) {
        co_return Error{
            .code = ErrorCode::token_unknown,
            .facts = "The key of this session is no key of this server any more.",
        };
    }
    const bool is_app_only = equal_in_constant_time((*key)->app_bearer_digest, digest);
    co_return identity_of((*key)->key, AuthScheme::bearer, is_app_only, keys_.now());
}

// Credentials may stand among the parameters of a urlencoded body, but nowhere else then.
awaitable<Result<Identity>> Authenticator::by_form(
    Exchange& exchange, http::BodyReader& body, Replaced& replaced
) {
    const http::Request& request = exchange.request;
    if (!request.has_body() || !may_have_credentials_in_form(request)) {
        co_return missing();
    }
    auto held = co_await HeldBody::read(body, held_);
    if (!held) {
        co_return std::move(held).error();
    }
    const auto parameters = oauth::parse_urlencoded((*held)->text());
    if (!oauth::has_oauth_fields(parameters)) {
        co_return missing();
    }
    auto fields = oauth1_fields_of(parameters, Place::form);
    if (!fields) {
        co_return std::move(fields).error();
    }
    replaced = *std::move(held);
    co_return co_await by_oauth1(exchange, *replaced, *std::move(fields), replaced);
}

// The order of checks: timestamp, key, signature, whether the key still holds, nonce.
awaitable<Result<Identity>> Authenticator::by_oauth1(
    Exchange& exchange, http::BodyReader& body, oauth::OAuth1Fields fields, Replaced& replaced
) {
    if (auto checked = check_timestamp(fields.timestamp, keys_.now()); !checked) {
        co_return std::move(checked).error();
    }
    exchange.claimed_key = Rare(fields.consumer_key);
    auto key = co_await key_of(fields);
    if (!key) {
        co_return std::move(key).error();
    }
    Call call{
        .request = signed_request(exchange.request),
        .fields = std::move(fields),
        .key = *std::move(key),
        .body = std::move(replaced),
    };
    const bool is_form = is_urlencoded(exchange.request) && exchange.request.has_body();
    if (is_form && call.body == nullptr) {
        auto held = co_await HeldBody::read(body, held_);
        if (!held) {
            co_return std::move(held).error();
        }
        call.body = *std::move(held);
    }
    if (is_form) {
        call.request.body = oauth::parse_urlencoded(call.body->text());
        if (call.fields.place != Place::form && oauth::has_oauth_fields(call.request.body)) {
            co_return mixed();
        }
    }
    auto identity = co_await check(exchange, body, call);
    replaced = std::move(call.body);
    co_return identity;
}

awaitable<Result<KnownKeyPtr>> Authenticator::key_of(const oauth::OAuth1Fields& fields) {
    Result<KnownKeyPtr> key(nullptr);
    if (auto cached = keys_.cached_consumer(fields.consumer_key)) {
        key = *std::move(cached);
    } else {
        auto work = [this, &fields] { return keys_.find_consumer(fields.consumer_key); };
        key = co_await runtime::run_blocking(reads_, std::move(work));
    }
    if (!key) {
        co_return key;
    }
    if (*key == nullptr) {
        static_cast<void>(oauth::is_signed({}, fields, {"no secret", "no secret"}));
        co_return not_authenticated();
    }
    const AccessKey& row = (*key)->key;
    if (fields.token.empty()) {
        co_return Error{
            .code = ErrorCode::app_only_token,
            .facts = "The call is signed for the app of key \"" + row.name +
                     "\" and has no oauth_token, so it acts for no user.",
        };
    }
    if (!equal_in_constant_time(fields.token, (*key)->access_token)) {
        co_return Error{
            .code = ErrorCode::token_unknown,
            .facts = "The consumer key is that of key \"" + row.name +
                     "\", but oauth_token is not its access token.",
        };
    }
    co_return key;
}

awaitable<Result<Identity>> Authenticator::check(
    Exchange& exchange, http::BodyReader& body, Call& call
) {
    const auto is_right = [&call] {
        return oauth::is_signed(
            call.request, call.fields, {call.key->consumer_secret, call.key->access_token_secret}
        );
    };
    const bool is_small =
        call.body == nullptr || call.body->text().size() < signed_at_once_bytes_max;
    bool is_signed = false;
    if (is_small) {
        is_signed = is_right();
    } else {
        auto work = is_right;
        is_signed = co_await runtime::run_blocking(bulk_, std::move(work));
    }
    if (!is_signed) {
        co_return co_await mismatch(exchange, body, call);
    }
    auto identity = identity_of(call.key->key, AuthScheme::oauth1, false, keys_.now());
    if (identity) {
        if (auto used = co_await use_nonce(call); !used) {
            co_return std::move(used).error();
        }
    }
    co_return identity;
}

awaitable<Error> Authenticator::mismatch(
    Exchange& exchange, http::BodyReader& body, const Call& call
) {
    if (failed_.would_exceed(suspect_of(exchange), keys_.now())) {
        co_return Error{
            .code = ErrorCode::oauth_signature,
            .facts = "The signature is not that of key \"" + call.key->key.name + "\".",
        };
    }
    auto others = co_await read_unsigned_fields(exchange.request, body);
    auto work = [&call, &others] {
        return oauth::explain(
            call.request,
            call.fields,
            {call.key->consumer_secret, call.key->access_token_secret},
            others.parameters,
            others.kind
        );
    };
    const auto found = co_await runtime::run_blocking(bulk_, std::move(work));
    exchange.base_strings = BaseStrings{
        .expected = shown(oauth::expected_base_string(call.request, call.fields)),
        .sent = found ? shown(found->base_string) : ""
    };
    std::string facts =
        found ? found->facts
              : "No known mistake of signing explains it: most likely the consumer secret or the "
                "access token secret is not that of key \"" +
                    call.key->key.name + "\", or something was changed after signing.";
    facts += " Expected base string: " + exchange.base_strings->expected;
    if (found) {
        facts += " The client's: " + exchange.base_strings->sent;
    }
    co_return Error{.code = ErrorCode::oauth_signature, .facts = std::move(facts)};
}

awaitable<Result<void>> Authenticator::use_nonce(const Call& call) {
    const std::int64_t now =
        std::chrono::floor<std::chrono::seconds>(keys_.now()).time_since_epoch().count();
    UsedNonce nonce{
        .key = call.key->key.id,
        .timestamp = call.fields.timestamp,
        .digest = sha256_hex(call.fields.nonce).substr(0, 32),
    };
    auto work = [this, &nonce, oldest = now - oauth_window.count()] {
        return keys_.use_nonce(nonce, oldest);
    };
    const auto verdict = co_await runtime::run_blocking(pool_, std::move(work));
    if (!verdict) {
        co_return verdict.error();
    }
    if (*verdict == NonceVerdict::seen) {
        co_return Error{
            .code = ErrorCode::oauth_nonce_reused,
            .facts = "oauth_nonce \"" + printable(call.fields.nonce, 40) +
                     "\" came before with the timestamp " + std::to_string(call.fields.timestamp) +
                     ": each request, also a repeated one, needs a new nonce and signature.",
        };
    }
    if (*verdict == NonceVerdict::too_many) {
        co_return Error{
            .code = ErrorCode::rate_limited,
            .facts = "The key \"" + call.key->key.name + "\" signed more than " +
                     std::to_string(nonces_per_key_max) + " calls within ten minutes.",
            .retry_after = oauth_window,
        };
    }
    co_return ok();
}

}  // namespace sluice::protocol
