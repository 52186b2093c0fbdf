#include "media/worker/image_colours.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"

namespace sluice {
namespace {

bool has_profile(VipsImage* image) {
    return vips_image_get_typeof(image, VIPS_META_ICC_NAME) != 0;
}

// As a profile spells it.
std::string_view space_of(VipsImage* image) {
    if (vips_image_get_interpretation(image) == VIPS_INTERPRETATION_CMYK) {
        return "CMYK";
    }
    return vips_image_get_bands(image) < 3 ? "GRAY" : "RGB ";
}

template <class Step>
Image made_by(Step step) {
    VipsImage* result = nullptr;
    return Image(step(&result) == 0 ? result : nullptr);
}

// 16 bit in memory, whatever it was.
Image sixteen_bits(VipsImage* image) {
    const auto wide = made_by([image](VipsImage** result) {
        return vips_image_get_format(image) == VIPS_FORMAT_USHORT
                   ? vips_copy(image, result, nullptr)
                   : vips_linear1(image, result, 257, 0, nullptr);
    });
    const auto cast = wide ? made_by([&wide](VipsImage** result) {
        return vips_cast_ushort(wide.get(), result, nullptr);
    })
                           : nullptr;
    return cast ? Image(vips_image_copy_memory(cast.get())) : nullptr;
}

Image converted(VipsImage* image, ColourCode code) {
    const auto wide = sixteen_bits(image);
    if (!wide) {
        return nullptr;
    }
    const int width = vips_image_get_width(wide.get());
    const int height = vips_image_get_height(wide.get());
    const int bands = vips_image_get_bands(wide.get());
    const std::size_t count = VIPS_IMAGE_N_PELS(wide.get()) * static_cast<std::size_t>(bands);
    std::vector<std::uint8_t> plain(count);
    const auto* values = reinterpret_cast<const std::uint16_t*>(VIPS_IMAGE_ADDR(wide.get(), 0, 0));
    convert_to_srgb({values, count}, static_cast<std::size_t>(bands), code, plain);
    return Image(vips_image_new_from_memory_copy(
        plain.data(), plain.size(), width, height, bands, VIPS_FORMAT_UCHAR
    ));
}

// Null if it has none. A broken one must not cost the picture: then its numbers stand as they are.
Image by_its_profile(VipsImage* image) {
    if (!has_profile(image)) {
        return nullptr;
    }
    auto made = made_by([image](VipsImage** result) {
        return vips_icc_transform(image, result, "srgb", "embedded", TRUE, nullptr);
    });
    if (!made) {
        log_complaint("profile not understood");
    }
    return made;
}

// Grey stays grey.
Image eight_bits(VipsImage* image) {
    if (vips_image_get_format(image) == VIPS_FORMAT_UCHAR) {
        return Image(vips_image_copy_memory(image));
    }
    const auto space =
        vips_image_get_bands(image) < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB;
    const auto plain = made_by([&](VipsImage** result) {
        return vips_colourspace(image, result, space, nullptr);
    });
    return plain ? Image(vips_image_copy_memory(plain.get())) : nullptr;
}

// Precondition: 8 bit, in memory.
bool hides_nothing(VipsImage* image) {
    const auto bands = static_cast<std::size_t>(vips_image_get_bands(image));
    const std::span values(VIPS_IMAGE_ADDR(image, 0, 0), VIPS_IMAGE_N_PELS(image) * bands);
    for (std::size_t at = bands - 1; at < values.size(); at += bands) {
        if (values[at] != 255) {
            return false;
        }
    }
    return true;
}

Image without_needless_alpha(Image image) {
    if (vips_image_hasalpha(image.get()) == 0 || !hides_nothing(image.get())) {
        return image;
    }
    const auto opaque = made_by([&image](VipsImage** result) {
        const int bands = vips_image_get_bands(image.get());
        return vips_extract_band(image.get(), result, 0, "n", bands - 1, nullptr);
    });
    return opaque ? Image(vips_image_copy_memory(opaque.get())) : nullptr;
}

}  // namespace

// libvips takes three colours for one and two veils if a profile of grey says so.
Image without_alien_profile(Image image) {
    const void* profile = nullptr;
    std::size_t size = 0;
    if (!has_profile(image.get()) ||
        vips_image_get_blob(image.get(), VIPS_META_ICC_NAME, &profile, &size) != 0) {
        return image;
    }
    constexpr std::size_t space_at = 16;  // ICC.1, 7.2
    const std::string_view text(static_cast<const char*>(profile), size);
    if (text.size() >= space_at + 4 && text.substr(space_at, 4) == space_of(image.get())) {
        return image;
    }
    auto plain =
        made_by([&image](VipsImage** result) { return vips_copy(image.get(), result, nullptr); });
    if (plain) {
        vips_image_remove(plain.get(), VIPS_META_ICC_NAME);
    }
    return plain;
}

Image without_inks(Image image) {
    if (vips_image_get_interpretation(image.get()) != VIPS_INTERPRETATION_CMYK) {
        return image;
    }
    const auto converted = [&image](gboolean by_its_own) {
        return made_by([&image, by_its_own](VipsImage** result) {
            return vips_icc_transform(
                image.get(),
                result,
                "srgb",
                "embedded",
                by_its_own,
                "input_profile",
                "cmyk",
                nullptr
            );
        });
    };
    auto light = has_profile(image.get()) ? converted(TRUE) : nullptr;
    return light ? std::move(light) : converted(FALSE);
}

std::optional<ColourCode> code_to_convert(
    const std::string& path, Container container, VipsImage* image
) {
    const bool may_have_code = container == Container::heif || container == Container::avif;
    if (!may_have_code || has_profile(image) || vips_image_get_bands(image) < 3) {
        return std::nullopt;
    }
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::vector<std::byte> start(colour_code_bytes_max);
    const auto count = fd ? ::pread(fd.get(), start.data(), start.size(), 0) : 0;
    const auto code =
        colour_code_of(std::span(start).first(static_cast<std::size_t>(std::max<ssize_t>(count, 0)))
        );
    return code && needs_conversion(*code) ? code : std::nullopt;
}

Image plain_pixels(VipsImage* image, std::optional<ColourCode> code) {
    const auto pixels = Image(vips_image_copy_memory(image));
    if (!pixels) {
        return nullptr;
    }
    const auto by_profile = by_its_profile(pixels.get());
    auto* const meant = by_profile ? by_profile.get() : pixels.get();
    auto plain = code ? converted(meant, *code) : eight_bits(meant);
    if (code && plain) {
        plain->Type = VIPS_INTERPRETATION_sRGB;  // raw memory has none
    }
    return plain ? without_needless_alpha(std::move(plain)) : nullptr;
}

}  // namespace sluice
