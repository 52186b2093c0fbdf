// How long and how much a connection may ask of the server. Slow is allowed, silent is not: the
// times of body and write begin anew with each byte that moves.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sluice::http {

// Of a body. Parameters and JSON are shorter, media is nearly always longer.
inline constexpr std::uint64_t small_body_bytes = 32 * 1024;

struct ConnectionLimits {
    std::chrono::milliseconds head{10'000};   // from a head's first byte to its last
    std::chrono::milliseconds idle{60'000};   // between two requests, and before the first
    std::chrono::milliseconds body{30'000};   // without a byte of the body
    std::chrono::milliseconds write{30'000};  // without a byte taken by the client
    // What a body has to bring, and a client has to take of an answer, while more than half of the
    // connections are in use: so many bytes in each span of waiting for it. With room for all, slow
    // is allowed.
    std::chrono::milliseconds progress_span{30'000};
    std::uint64_t progress_bytes = 30'000;
    std::chrono::milliseconds last_resort{2'000};  // head, on one of the last connections
    std::size_t connections_max = 8192;
    // Of a body that the handler left: up to here it is read to keep the connection, beyond it is
    // closed.
    std::uint64_t unread_bytes_max = 256 * 1024;
    // What is left of a body when its answer has gone is read and dropped as long as each `linger`
    // brings so many bytes, and neither the whole time nor all bytes are used up: a client that writes
    // its whole body before it reads should still see the answer, one that merely holds on should go.
    std::chrono::milliseconds linger{2'000};
    std::uint64_t linger_bytes_min = 64 * 1024;
    std::chrono::milliseconds linger_whole{30'000};
    std::uint64_t linger_bytes_max = 16 * 1024 * 1024;
};

}  // namespace sluice::http
