// Base64 as it arrives: both alphabets (RFC 4648 sections 4 and 5), line breaks skipped, padding
// optional at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace sluice {

// Decodes a text that comes in pieces cut anywhere. Errors: base64_invalid, with position and
// character; a "data:…;base64," prefix and a blank (a '+' that nobody encoded) are named as what
// they are.
class Base64Decoder {
  public:
    // Appends the bytes of `piece` to `out`.
    Result<void> feed(std::span<const std::byte> piece, std::vector<std::byte>& out);
    // The end of the text: refuses a lone last character.
    Result<void> finish();

  private:
    static constexpr std::size_t start_length = 64;

    void take(std::int8_t sextet, std::vector<std::byte>& out);
    Result<void> refuse(unsigned char character) const;

    std::string start_;  // the first characters, to recognise a data: prefix
    std::uint64_t position_ = 0;
    std::uint32_t bits_ = 0;
    int bit_count_ = 0;
    int characters_in_group_ = 0;
    bool padded_ = false;
};

// With the alphabet and the padding of RFC 4648, section 4, and in no other way.
std::optional<std::string> base64_decoded_strictly(std::string_view text);

}  // namespace sluice
