// Whatever a picture's numbers mean, to sRGB (or grey) of 8 bit: inks before it is resized,
// by its profile or its colour code afterwards, which is less work and shows the same. In the worker only; blocking.
#pragma once

#include <optional>
#include <string>

#include "media/colour_code.hpp"
#include "media/worker/image_files.hpp"

namespace sluice {

// The same picture, without a profile that is of another kind of colours. Null: libvips holds why.
Image without_alien_profile(Image image);

// CMYK to sRGB, by its profile or by that of usual inks; anything else as it is. Null: libvips holds
// why.
Image without_inks(Image image);

// What the file says of the colours of a picture without a profile, if they need conversion.
std::optional<ColourCode> code_to_convert(
    const std::string& path, Container container, VipsImage* image
);

// In memory, 8 bit, by its profile or else by `code`. Alpha that hides nothing is dropped. Null: libvips holds why.
Image plain_pixels(VipsImage* image, std::optional<ColourCode> code);

}  // namespace sluice
