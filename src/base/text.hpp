// Small things with text that several folders need.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace sluice {

// Decimal digits only (no sign, no blank), within 64 bits.
std::optional<std::uint64_t> parse_unsigned(std::string_view text);

// A size as people write it: 512, 5M, 2GiB (k M G T and Ki Mi Gi Ti, all powers of 1024; an ending
// B is allowed).
std::optional<ByteCount> parse_size(std::string_view text);

bool equals_ignoring_case(std::string_view left, std::string_view right);
std::string lower_case(std::string_view text);
std::string_view trim(std::string_view text);

// The word of `words` with the fewest edits to `word`, if at most a third of it (and at least one)
// differs.
std::optional<std::string_view> nearest_word(
    std::string_view word, std::span<const std::string_view> words
);

// For showing a caller what was received: at most `length_max` bytes, and whole characters; control characters,
// quotes and what is no UTF-8 as '?'.
std::string printable(std::string_view text, std::size_t length_max = 64);

// For a terminal or a log line: the text as it is, but for control characters, which become '?'.
// At most `length_max` bytes.
std::string on_one_line(std::string_view text, std::size_t length_max);

// Percent-decoding (RFC 3986, 2.1); '+' is a blank if `plus_is_blank`. Nothing on a '%' without two
// digits.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank);

// Percent-encoding of all but unreserved characters.
std::string percent_encode(std::string_view text);

}  // namespace sluice
