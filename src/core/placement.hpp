// Where a segment belongs in the file of its upload, told before its bytes have come (see
// docs/architecture.md, placement): index 0 at 0; the last one at total - length; else index x
// stride, once the stride is known from a segment that is not the last. Nothing: the bytes go to a
// blob of their own. A wrong guess costs a copy later, never a byte. Pure.
#pragma once

#include <optional>

#include "core/segment.hpp"

namespace sluice {

struct PlacementQuestion {
    SegmentIndex index;
    ByteCount length_expected;  // what the request promises; the bytes may be fewer
    ByteCount total;            // announced by INIT
    std::optional<ByteCount> stride;
};

std::optional<ByteOffset> place_of(const PlacementQuestion& question);

// The stride that a segment of this length implies, if it looks not to be the last.
std::optional<ByteCount> stride_from(SegmentIndex index, ByteCount length, ByteCount total);

}  // namespace sluice
