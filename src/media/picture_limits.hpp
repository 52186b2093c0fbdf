// The size of pictures, as coded and as shown, and what a category takes of them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "media/category_rules.hpp"
#include "media/failures.hpp"
#include "media/probe.hpp"

namespace sluice {

std::uint64_t area_of(PixelSize size);
// "1280x720"
std::string size_text(PixelSize size);

// The size in which a player shows the picture: square pixels, upright.
PixelSize displayed_size(const PictureStream& picture);

// Dimensions, with got and allowed; nothing if they are taken.
std::optional<ProcessingFailure> refuse_dimensions(const CategoryRule& rule, PixelSize size);

}  // namespace sluice
