// Checksums and digests. CRC32C guards each stored segment; SHA-256 names things that must not be
// guessed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sluice {

// CRC-32C (Castagnoli) of `bytes`, continued from `seed` (0 to begin). Uses SSE4.2 where the
// machine has it.
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t seed = 0);

// SHA-256, 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view text);

}  // namespace sluice
