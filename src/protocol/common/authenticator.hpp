// Finds out who asks, before any endpoint sees the request and before its body is read. With
// `open`, whoever the credentials name, unchecked; with `keys`, the user of the key. Shared by all
// loops; keys and pool outlive it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <vector>

#include "http/body_reader.hpp"
#include "protocol/common/exchange.hpp"
#include "protocol/oauth/oauth1_fields.hpp"
#include "runtime/run_blocking.hpp"
#include "service/keys.hpp"

namespace sluice::protocol {

enum class AuthMode : std::uint8_t { open, keys };

class Authenticator {
  public:
    Authenticator(AuthMode mode, Keys& keys, runtime::BlockingPool& pool)
        : mode_(mode), keys_(keys), pool_(pool) {}

    // Notes the caller in the exchange, or why there is none.
    boost::asio::awaitable<void> authenticate(Exchange& exchange) const;

  private:
    Result<Identity> named(const http::Request& request) const;
    boost::asio::awaitable<Result<Identity>> known(const http::Request& request) const;
    boost::asio::awaitable<Result<Identity>> by_bearer(std::string token) const;

    const AuthMode mode_;
    Keys& keys_;
    runtime::BlockingPool& pool_;
};

}  // namespace sluice::protocol
