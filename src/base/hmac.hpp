// Message authentication for signatures, and what belongs to it: a comparison that takes the same
// time wherever the difference is, and bytes that nobody can guess. No threads, no state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

enum class HashKind : std::uint8_t { sha1, sha256 };

// HMAC (RFC 2104); the result is raw bytes: 20 or 32.
std::string hmac(HashKind kind, std::string_view key, std::string_view message);

// Says only whether they are equal; the lengths are no secret.
bool equal_in_constant_time(std::string_view left, std::string_view right);

// Raw bytes from the kernel.
std::string random_bytes(std::size_t count);
// Letters and digits only, so that it survives copying, URLs and shells; 5.95 bits each.
std::string random_word(std::size_t length);

// Lower-case hexadecimal.
std::string hex_of(std::string_view bytes);
// RFC 4648, section 4, with padding.
std::string base64_of(std::string_view bytes);

}  // namespace sluice
