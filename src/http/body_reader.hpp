// Reads a request's body as it comes, whatever its framing; sends "100 Continue" before the first
// wait, if the client asked for it. Lives on the connection's loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/result.hpp"

namespace sluice::http {

class BodyReader {
  public:
    virtual ~BodyReader() = default;
    // Some bytes, as many as are there, at least one; 0 at the end. Errors: body_truncated (the
    // connection ended early; facts say how many bytes came), request_timeout (no progress),
    // request_malformed (broken chunking), body_too_large.
    virtual boost::asio::awaitable<Result<std::size_t>> read_some(std::span<std::byte> into) = 0;
    // What is still to come, if the framing tells.
    virtual std::optional<std::uint64_t> remaining() const = 0;
    virtual std::uint64_t received() const = 0;
};

}  // namespace sluice::http
