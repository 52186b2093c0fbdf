// What a sweep of blobs that nobody names asks of whoever keeps the rows. A page of blobs at a time: a
// question for each of a million objects would keep a database busy for minutes.
#pragma once

#include <functional>
#include <set>
#include <vector>

#include "base/clock.hpp"
#include "core/segment.hpp"

namespace sluice {

struct OrphanLook {
    static constexpr std::size_t page = 1000;

    // Those of the blobs that a row names; all of them while nobody knows. Blocking.
    std::function<std::set<BlobId>(const std::vector<BlobId>&)> named_among;
    WallTime before;  // what changed later stays
    // Asked at each page, and before anything is removed; from any thread.
    std::function<bool()> is_over = [] { return false; };
};

}  // namespace sluice
