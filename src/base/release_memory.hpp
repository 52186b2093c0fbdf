// Gives the memory of a vector or string back. `container = {}` does not: it chooses the assignment of
// an empty list, which keeps the capacity.
#pragma once

namespace sluice {

template <class Container>
void release_memory(Container& container) {
    Container().swap(container);
}

}  // namespace sluice
