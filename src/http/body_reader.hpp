// Reads a request's body as it comes, whatever its framing; sends "100 Continue" before the first
// wait, if the client asked for it. Lives on the connection's loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.hpp"

namespace sluice::http {

// What a body is moved in: with the kernel's own copy of it, it is still in the second cache of the processor when it is
// looked through.
inline constexpr std::size_t hot_piece_bytes = 256 * 1024;

class BodyReader {
  public:
    virtual ~BodyReader() = default;
    // Waits until bytes (or the end) are there and it is this body's turn on its loop, so that a
    // buffer is held only while bytes move: take one then, and read_some() at once. Errors: as below.
    // read_some() alone does the same with the buffer in hand.
    virtual boost::asio::awaitable<Result<void>> ready() { co_return Result<void>(); }
    // Some bytes, as many as are there, at least one; 0 at the end. Errors: body_truncated (the
    // connection ended early; facts say how many bytes came), request_timeout (no progress),
    // request_malformed (broken chunking), body_too_large.
    virtual boost::asio::awaitable<Result<std::size_t>> read_some(std::span<std::byte> into) = 0;
    // More of what is there already, behind a read_some() whose turn is not over: so a body is moved in
    // pieces that its reader looks through while they are in the cache of the processor. 0: it takes
    // read_some() again.
    virtual std::size_t read_more(std::span<std::byte> /*into*/) { return 0; }
    // False: neither bytes nor the end came for that long. Neither the turn nor "100 Continue".
    virtual boost::asio::awaitable<bool> arrives_within(std::chrono::milliseconds patience) = 0;
    // What is still to come, if the framing tells.
    virtual std::optional<std::uint64_t> remaining() const = 0;
    virtual std::uint64_t received() const = 0;
    // A field behind a chunked body, once that has been read to its end; several lines joined by commas.
    virtual std::optional<std::string> trailer(std::string_view /*name*/) const {
        return std::nullopt;
    }
    // An interim answer (RFC 9110, section 15.2): "104 Upload Resumption Supported", and its field
    // lines with their ends. Nothing is sent to a client of HTTP/1.0, and none may rely on it.
    virtual boost::asio::awaitable<void> send_interim(
        std::string_view /*status*/, std::string_view /*fields*/
    ) {
        co_return;
    }
};

}  // namespace sluice::http
