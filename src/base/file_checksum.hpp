// The CRC-32C of a local file. Blocking.
#pragma once

#include <cstdint>
#include <functional>

#include "base/result.hpp"

namespace sluice {

// Of all bytes of an open file, whatever its position. Calls `between` after each piece and stops with its Error.
Result<std::uint32_t> crc32c_of_file(
    int file, const std::function<Result<void>()>& between = [] { return ok(); }
);

}  // namespace sluice
