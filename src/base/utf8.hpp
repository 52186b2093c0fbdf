// UTF-8 (RFC 3629): what is well-formed, and texts that are made so.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice {

// Length of the well-formed sequence at the front, 0 if there is none. Precondition: not empty.
std::size_t utf8_length(std::string_view text);

// Bytes that are not UTF-8, and NUL, become U+FFFD each.
std::string as_utf8(std::string_view text);

}  // namespace sluice
