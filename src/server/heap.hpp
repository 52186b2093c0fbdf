// The heap of this process. tcmalloc, but for builds with a sanitizer: it takes a sixth off the cost of a small upload, which
// allocates and frees frames and texts of some KiB all the time.
#pragma once

namespace sluice::server {

// Gives pages that are free to the system. Any thread; the walk takes milliseconds when there are many.
void give_free_memory_back();

}  // namespace sluice::server
