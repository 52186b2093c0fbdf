// Finds out who asks, before any endpoint sees the request. With `open`, whoever the credentials
// name, unchecked; with `keys`, the user of the key. The body is read here only where a signature
// covers it (OAuth 1.0a over a urlencoded one): everything else is refused before "100 Continue".
// Shared by all loops; keys and pools outlive it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "http/body_reader.hpp"
#include "protocol/common/console_sessions.hpp"
#include "protocol/common/exchange.hpp"
#include "protocol/common/held_body.hpp"
#include "protocol/oauth/signature.hpp"
#include "runtime/run_blocking.hpp"
#include "service/failed_logins.hpp"
#include "service/keys.hpp"

namespace sluice::protocol {

enum class AuthMode : std::uint8_t { open, keys };

class Authenticator {
  public:
    // `reads` for look-ups, `pool` for nonces, `bulk` for signatures over large bodies.
    Authenticator(
        AuthMode mode,
        Keys& keys,
        runtime::BlockingPool& reads,
        runtime::BlockingPool& pool,
        runtime::BlockingPool& bulk,
        FailedLoginLimits failures = {},
        const ConsoleSessions* sessions = nullptr
    )
        : mode_(mode),
          keys_(keys),
          reads_(reads),
          pool_(pool),
          bulk_(bulk),
          sessions_(sessions),
          failed_(failures) {}

    bool believes_anybody() const { return mode_ == AuthMode::open; }

    // In open mode most callers are known by the head alone. False: authenticate() does it.
    bool authenticate_at_once(Exchange& exchange);
    // Notes the caller in the exchange, or why there is none. What it returns, if anything, is to
    // be read instead of `body`.
    boost::asio::awaitable<std::unique_ptr<http::BodyReader>> authenticate(
        Exchange& exchange, http::BodyReader& body
    );

  private:
    using Replaced = std::unique_ptr<HeldBody>;
    // An OAuth 1.0a call on its way through the checks.
    struct Call {
        oauth::SignedRequest request;
        oauth::OAuth1Fields fields;
        KnownKeyPtr key;
        Replaced body;
    };

    boost::asio::awaitable<Result<Identity>> open(
        const http::Request& request, http::BodyReader& body, Replaced& replaced
    );
    boost::asio::awaitable<Result<Identity>> known(
        Exchange& exchange, http::BodyReader& body, Replaced& replaced
    );
    boost::asio::awaitable<Result<Identity>> by_bearer(std::string token);
    boost::asio::awaitable<Result<Identity>> by_digest(std::string digest);
    Result<Identity> of_late(const std::string& digest, Error unasked);
    boost::asio::awaitable<Result<std::optional<ConsoleSessions::Session>>> session_of(
        const http::Request& request
    );
    boost::asio::awaitable<Result<Identity>> by_session(
        Exchange& exchange, ConsoleSessions::Session session
    );
    boost::asio::awaitable<Result<Identity>> by_oauth1(
        Exchange& exchange, http::BodyReader& body, oauth::OAuth1Fields fields, Replaced& replaced
    );
    boost::asio::awaitable<Result<Identity>> by_form(
        Exchange& exchange, http::BodyReader& body, Replaced& replaced
    );
    boost::asio::awaitable<Result<KnownKeyPtr>> key_of(const oauth::OAuth1Fields& fields);
    boost::asio::awaitable<Result<Identity>> check(
        Exchange& exchange, http::BodyReader& body, Call& call
    );
    boost::asio::awaitable<Error> mismatch(
        Exchange& exchange, http::BodyReader& body, const Call& call
    );
    boost::asio::awaitable<Result<void>> use_nonce(const Call& call);
    void note(Exchange& exchange, Result<Identity> identity);
    // `refused`, or that there were too many of its kind. Right credentials never come here.
    Error counted(const Exchange& exchange, Error refused);

    const AuthMode mode_;
    Keys& keys_;
    runtime::BlockingPool& reads_;
    runtime::BlockingPool& pool_;
    runtime::BlockingPool& bulk_;
    const ConsoleSessions* const sessions_;  // null: there are none
    HeldBytes held_;
    FailedLogins failed_;
};

}  // namespace sluice::protocol
