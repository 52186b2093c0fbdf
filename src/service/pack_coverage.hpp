// What a pack has bytes in against what the rows name in it. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "core/segment.hpp"

namespace sluice {

constexpr std::uint64_t end_of(const Extent& extent) {
    return extent.offset.value + extent.length.value;
}

struct PackCoverage {
    std::vector<Extent> named_only;  // of `named`, whole, those of which a part is not held
    std::vector<Extent> held_only;   // parts of `held`, in whole blocks, that nobody names
};

// Both of one blob and by offset; `held` in whole blocks that do not touch. A named extent has the
// rest of its last block too.
PackCoverage compare(
    const std::vector<Extent>& named, const std::vector<Extent>& held, std::uint64_t block
);

}  // namespace sluice
