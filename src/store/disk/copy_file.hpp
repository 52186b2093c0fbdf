// Copies the bytes of a file into an empty one: holes stay holes, and a file system that can share
// blocks (Btrfs, XFS) shares them. What is written to the source meanwhile may come along or not. Not
// synced. Blocking, no state.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace sluice::disk {

// Both open; `to` is empty. How many bytes are no holes. Errors: storage_full, storage_failed.
Result<ByteCount> copy_file(int from, int to);

}  // namespace sluice::disk
