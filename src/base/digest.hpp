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
// Of two runs of bytes one behind the other, from the checksum of each.
std::uint32_t crc32c_joined(std::uint32_t first, std::uint32_t second, std::uint64_t second_bytes);

// MD5 of bytes that come in pieces: for comparing with a digest that a caller sends, never for
// anything that must not be forged. One thread at a time.
class Md5 {
  public:
    Md5();
    ~Md5();
    Md5(const Md5&) = delete;
    Md5& operator=(const Md5&) = delete;

    void update(std::span<const std::byte> bytes);
    // 32 lower-case hexadecimal digits; once, at the end.
    std::string finish_hex();

  private:
    void* state_;
};

// A digest as callers write it, hexadecimal or base64 of its 16 bytes, as lower-case hexadecimal;
// empty if it is neither.
std::string md5_as_hex(std::string_view written);

// Eight hexadecimal digits, as a CRC-32C is shown.
std::string hex8(std::uint32_t value);

// SHA-256, 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view text);

}  // namespace sluice
