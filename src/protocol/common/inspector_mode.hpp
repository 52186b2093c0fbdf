// How much the request inspector keeps.
#pragma once

#include <cstdint>

namespace sluice::protocol {

// full: with bodies and first bytes; every caller sees everything. metadata: neither, and everybody
// sees their own.
enum class InspectorMode : std::uint8_t { off, metadata, full };

}  // namespace sluice::protocol
