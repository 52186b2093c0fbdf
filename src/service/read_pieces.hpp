// read_pieces: the bytes of a layout in order, a piece at a time, so that a file of any length takes little memory.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "store/blob_store.hpp"

namespace sluice {

// Blocks. Errors: those of the store; `take` has had what came before.
Result<void> read_pieces(
    BlobStore& blobs,
    const std::vector<Extent>& layout,
    const std::function<void(std::span<const std::byte>)>& take
);

}  // namespace sluice
