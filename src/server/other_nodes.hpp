// For commands that need a storage for themselves: nodes that share it hold each its own directory, and no
// lock of the storage says that they run. The database does.
#pragma once

#include "base/result.hpp"
#include "server/stores.hpp"

namespace sluice::server {

// What they are writing at this moment would look like nobody's, or be left behind. One that was killed
// counts as running for a few seconds more. storage_failed: some run.
Result<void> check_nodes_stopped(const Stores& stores);

}  // namespace sluice::server
