#include "server/heap.hpp"

#ifdef SLUICE_TCMALLOC
#include <gperftools/malloc_extension.h>

#include <cstddef>
#endif

namespace sluice::server {

#ifdef SLUICE_TCMALLOC

namespace {

// Fewer would be wanted again at once, and cost a fault each.
constexpr std::size_t free_bytes_max = 2 << 20;

}  // namespace

void give_free_memory_back() {
    MallocExtension& heap = *MallocExtension::instance();
    std::size_t free_bytes = 0;
    if (heap.GetNumericProperty("tcmalloc.pageheap_free_bytes", &free_bytes) &&
        free_bytes > free_bytes_max) {
        heap.ReleaseFreeMemory();
    }
}

#else

void give_free_memory_back() {}

#endif

}  // namespace sluice::server
