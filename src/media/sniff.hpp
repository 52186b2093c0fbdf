// What a file is, by its first bytes. The answer forces the demuxer or loader: no library ever
// guesses (a playlist that calls itself video would make it read other files). Used by the worker
// and by the check of FINALIZE. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/category.hpp"

namespace sluice {

enum class Container : std::uint8_t {
    unknown,
    mp4,
    matroska,
    mpegts,
    gif,
    jpeg,
    png,
    webp,
    heif,
    avif,
};

struct ContainerFacts {
    std::string_view media_type;  // what the bytes are, for messages: "image/png"
    Family family;
    std::string_view demuxer;  // the name ffmpeg is forced to; empty for still images
    bool is_beyond_x = false;  // X refuses it
};

// As many bytes as are looked at; fewer are looked at as they are.
inline constexpr std::size_t sniff_bytes_max = 512;

Container sniff(std::span<const std::byte> first_bytes);

// Precondition: container != unknown.
const ContainerFacts& facts_of(Container container);

// A file may be processed as `wanted` if its content is of that family. A GIF counts as an image
// too (its first frame).
bool may_carry(Container container, Family wanted);

}  // namespace sluice
