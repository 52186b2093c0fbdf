// The bytes of a creation that was said again under its Idempotency-Key, and of which nothing is to be stored: what stands may
// be answered once more only if they are those of the first time.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "http/body_reader.hpp"
#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"

namespace sluice::protocol {

// Reads all of the body; nothing if the call is no repeat, or has none. Errors: idempotency_key_reused; those of the body and
// of the store.
boost::asio::awaitable<Result<void>> compare_replayed(
    const Context& context, Exchange& exchange, http::BodyReader& body, Upload made
);

}  // namespace sluice::protocol
