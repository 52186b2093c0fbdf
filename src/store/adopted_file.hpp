// What BlobStore::adopt_file took over. Value.
#pragma once

#include <cstdint>

#include "core/segment.hpp"

namespace sluice {

struct AdoptedFile {
    Extent extent;
    std::uint32_t crc32c = 0;  // of the bytes that the file had
};

}  // namespace sluice
