// What the processing of an upload will cost, as far as its index or else its size tells. Blocking: a
// few reads, none of what is small.
#pragma once

#include <chrono>
#include <vector>

#include "core/upload.hpp"
#include "store/blob_store.hpp"

namespace sluice {

// Wall time on one slot, without what was learned.
std::chrono::milliseconds expected_cost(
    BlobStore& blobs, const Upload& upload, const std::vector<Extent>& layout
);

}  // namespace sluice
