// How much the request inspector keeps.
#pragma once

#include <cstdint>

namespace sluice::protocol {

// full: with bodies and first bytes. metadata: with neither.
enum class InspectorMode : std::uint8_t { off, metadata, full };

}  // namespace sluice::protocol
