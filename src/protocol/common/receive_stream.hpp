// The body of one request on its way to the end of a stream. One request's coroutine.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "http/body_reader.hpp"
#include "protocol/common/context.hpp"
#include "protocol/tus/checksum.hpp"
#include "service/streams.hpp"

namespace sluice::protocol::tus {

// What came of a body that ended early, or whose sender fell silent, is stored; of one with a checksum
// all or nothing is. Errors: those of the body and of the store; checksum_mismatch;
// upload_taken_over.
boost::asio::awaitable<Result<Upload>> receive(
    const Context& context,
    StreamAppend append,
    http::BodyReader& body,
    std::unique_ptr<Checksum> checksum
);

}  // namespace sluice::protocol::tus
