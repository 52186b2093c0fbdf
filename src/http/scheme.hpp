// How callers reach a connection: the TLS of a https door is taken off before it comes to us.
#pragma once

#include <cstdint>

namespace sluice::http {

enum class Scheme : std::uint8_t { http, https };

}  // namespace sluice::http
