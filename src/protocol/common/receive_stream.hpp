// The body of one request on its way to the end of a stream. One request's coroutine.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "http/body_reader.hpp"
#include "protocol/common/body_check.hpp"
#include "protocol/common/context.hpp"
#include "service/streams.hpp"

namespace sluice::protocol {

// Told how far the body is durable, now and then: not more often than every second.
class StreamListener {
  public:
    virtual ~StreamListener() = default;
    virtual boost::asio::awaitable<void> stored(ByteCount offset) = 0;
};

// What came of a body that ended early, or whose sender fell silent, is stored, and what comes slowly
// is every few seconds; of one with a check all or nothing is. Errors: those of the body and of the store; checksum_mismatch;
// upload_taken_over.
boost::asio::awaitable<Result<Upload>> receive_stream(
    const Context& context,
    StreamAppend append,
    http::BodyReader& body,
    std::unique_ptr<BodyCheck> check,
    StreamListener* listener = nullptr
);

}  // namespace sluice::protocol
