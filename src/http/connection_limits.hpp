// How long and how much a connection may ask of the server. Slow is allowed, silent is not: the
// times of body and write begin anew with each byte that moves.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sluice::http {

struct ConnectionLimits {
    std::chrono::milliseconds head{10'000};   // from a head's first byte to its last
    std::chrono::milliseconds idle{60'000};   // between two requests, and before the first
    std::chrono::milliseconds body{30'000};   // without a byte of the body
    std::chrono::milliseconds write{30'000};  // without a byte taken by the client
    // What a body has to bring while more than half of the connections are in use: so many bytes in
    // each span of waiting for them. With room for all, slow is allowed.
    std::chrono::milliseconds progress_span{30'000};
    std::uint64_t progress_bytes = 30'000;
    std::chrono::milliseconds last_resort{2'000};  // head, on one of the last connections
    std::chrono::milliseconds linger{2'000
    };  // for the client to read a refusal while it still sends
    std::size_t connections_max = 8192;
    // Of a body that the handler left: up to here it is read to keep the connection, beyond it is
    // closed.
    std::uint64_t unread_bytes_max = 256 * 1024;
    // While lingering. A client that writes its whole body before it reads should still see the
    // answer.
    std::uint64_t linger_bytes_max = 16 * 1024 * 1024;
};

}  // namespace sluice::http
