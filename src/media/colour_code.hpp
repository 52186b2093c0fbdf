// Pictures of phones and cameras that say by numbers (ITU-T H.273) and not by a profile what their
// colours are: wide gamut, PQ and HLG. libvips passes them by; here they become sRGB. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace sluice {

struct ColourCode {
    std::uint16_t primaries = 2;  // 1 BT.709, 9 BT.2020, 11 and 12 P3, 2 not told
    std::uint16_t transfer = 2;   // 13 sRGB, 16 PQ, 18 HLG, 2 not told
    bool operator==(const ColourCode&) const = default;
};

// As many bytes of a HEIC or AVIF as are looked at; the boxes that describe it stand in front.
inline constexpr std::size_t colour_code_bytes_max = 64UL * 1024;

// The code of the first picture in the file; nothing if none is told.
std::optional<ColourCode> colour_code_of(std::span<const std::byte> start);

// False: its numbers are sRGB already, or near enough to be shown as such.
bool needs_conversion(ColourCode code);

// Pixels of `bands` (3, or 4 with alpha) values, 16 bit, of `code`, to sRGB, 8 bit. What is
// brighter than white is compressed as BT.2390 says, from 1000 to 203 cd/m², so that hues stay.
// Precondition: both have the same number of values.
void convert_to_srgb(
    std::span<const std::uint16_t> pixels,
    std::size_t bands,
    ColourCode code,
    std::span<std::uint8_t> into
);

}  // namespace sluice
