// Bombs of structure in still pictures: a few bytes each that cost a decoder a walk over the whole
// picture. Told by counting marks, without decoding. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "media/failures.hpp"
#include "media/sniff.hpp"

namespace sluice {

// Failure: ResourceLimit, for a JPEG of too many scans, a WebP of too many frames.
std::optional<ProcessingFailure> refuse_structure(
    Container container, std::span<const std::byte> whole
);

}  // namespace sluice
