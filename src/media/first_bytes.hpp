// What is plainly wrong with a file, told by its first bytes alone and before any decoder sees it:
// another kind than was declared, base64 text, or bytes that went through a text decoder. Used by
// FINALIZE and by uploads in one call. What cannot be told here is left to processing. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "core/category.hpp"

namespace sluice {

// As many bytes as are worth looking at; fewer are looked at as they are.
inline constexpr std::size_t first_bytes_max = 4096;

// What the caller said about the content.
struct ContentClaim {
    Category category;
    bool category_given = true;   // else the category is a guess
    std::string_view media_type;  // as declared; may be empty
    bool as_x = false;            // pictures that X refuses are refused
};

// Errors: base64_as_bytes, binary_as_text, type_mismatch.
Result<void> judge_first_bytes(const ContentClaim& claim, std::span<const std::byte> start);

// A format that is recognised, though nobody here processes it: "video/x-msvideo", "application/pdf".
struct ForeignFormat {
    std::string_view name;
    std::optional<Family> family;
};
std::optional<ForeignFormat> foreign_format(std::span<const std::byte> start);

// "89 50 4e 47", at most twelve.
std::string hex_start(std::span<const std::byte> start);

}  // namespace sluice
