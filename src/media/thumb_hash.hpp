// ThumbHash (evanw.github.io/thumbhash): a picture as about 25 bytes, from which a page draws a
// blurred placeholder before the picture is there. It carries the aspect and transparency. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "media/category_rules.hpp"

namespace sluice {

inline constexpr std::uint32_t thumb_hash_side_max = 100;

// `rgba`: rows of 4 bytes per pixel, not premultiplied. Neither side is longer than
// thumb_hash_side_max. The result is base64, as pages take it.
std::string thumb_hash(std::span<const std::uint8_t> rgba, PixelSize size);

}  // namespace sluice
