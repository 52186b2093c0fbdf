#include "media/worker/image_maker.hpp"

#include <malloc.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "media/thumb_hash.hpp"
#include "media/worker/image_colours.hpp"
#include "media/worker/image_files.hpp"

namespace sluice {
namespace {

bool is_progressive(VipsImage* image) {
    int flag = 0;
    return vips_image_get_typeof(image, "jpeg-multiscan") != 0 &&
           vips_image_get_int(image, "jpeg-multiscan", &flag) == 0 && flag != 0;
}

struct Fit {
    std::uint32_t side;
    bool cropped = false;
};

// Upright, within side x side, never larger than it was.
Image fitted(VipsImage* source, Fit fit) {
    VipsImage* result = nullptr;
    const auto side = static_cast<int>(fit.side);
    const auto crop = fit.cropped ? VIPS_INTERESTING_CENTRE : VIPS_INTERESTING_NONE;
    vips_thumbnail_image(
        source, &result, side, "height", side, "size", VIPS_SIZE_DOWN, "crop", crop, nullptr
    );
    return Image(result);
}

// All pixels of the largest variant, decoded: here a damaged file shows itself.
Image decode_largest(const std::string& path, Container container, const ImagePlan& plan) {
    auto source = load_image(path, container, plan.shrink_on_load);
    source = source ? without_alien_profile(std::move(source)) : nullptr;
    source = source ? without_inks(std::move(source)) : nullptr;
    if (!source) {
        return nullptr;
    }
    const auto code = code_to_convert(path, container, source.get());
    const auto largest = fitted(source.get(), {.side = plan.variants.front().side_max});
    auto pixels = largest ? plain_pixels(largest.get(), code) : nullptr;
    if (pixels) {
        drop_metadata(pixels.get());
    }
    return pixels;
}

Image shared(VipsImage* image) {
    g_object_ref(image);
    return Image(image);
}

Image variant_from(VipsImage* larger, const ImageVariant& variant) {
    const auto made = fitted(larger, {.side = variant.side_max, .cropped = variant.cropped});
    // In memory: it is written twice, in two formats.
    return made ? Image(vips_image_copy_memory(made.get())) : nullptr;
}

// Empty if it cannot be told: nobody's picture is refused for its placeholder.
std::string placeholder_of(VipsImage* image) {
    VipsImage* raw = nullptr;
    const auto longest = std::max(vips_image_get_width(image), vips_image_get_height(image));
    const double part = std::max(1.0, static_cast<double>(longest) / thumb_hash_side_max);
    // Means of blocks: nobody sees a better filter in 25 bytes.
    const auto small = Image(vips_shrink(image, &raw, part, part, nullptr) == 0 ? raw : nullptr);
    if (!small || vips_colourspace(small.get(), &raw, VIPS_INTERPRETATION_sRGB, nullptr) != 0) {
        vips_error_clear();
        return {};
    }
    Image plain(raw);
    if (vips_image_hasalpha(plain.get()) == 0) {
        if (vips_addalpha(plain.get(), &raw, nullptr) != 0) {
            vips_error_clear();
            return {};
        }
        plain.reset(raw);
    }
    std::size_t size = 0;
    const std::unique_ptr<void, decltype(&g_free)> bytes(
        vips_image_write_to_memory(plain.get(), &size), &g_free
    );
    const PixelSize sides{
        static_cast<std::uint32_t>(vips_image_get_width(plain.get())),
        static_cast<std::uint32_t>(vips_image_get_height(plain.get())),
    };
    if (!bytes || size != std::size_t{4} * sides.width * sides.height) {
        vips_error_clear();
        return {};
    }
    return thumb_hash({static_cast<const std::uint8_t*>(bytes.get()), size}, sides);
}

ProcessingFailure undecodable() {
    return invalid_media("DecodeError", "its pixels are damaged or end early");
}

// The buffers of one step serve the next: given back and asked for anew, each of their pages costs the
// kernel a fault. The processes that use them are short, and their memory has a limit.
void keep_freed_memory() {
    // NOLINTBEGIN(concurrency-mt-unsafe): the process has one thread yet
    ::mallopt(M_ARENA_MAX, 1);
    ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
    ::mallopt(M_TRIM_THRESHOLD, 256 << 20);
    ::mallopt(M_TOP_PAD, 4 << 20);
    // NOLINTEND(concurrency-mt-unsafe)
}

// Colour codes that libvips passes by are no news: we read them.
void pass_on(const char* domain, GLogLevelFlags level, const char* text, void* data) {
    if (std::string_view(text).contains("ignoring nclx profile")) {
        return;
    }
    g_log_default_handler(domain, level, text, data);
}

}  // namespace

bool start_image_library() {
    if (VIPS_INIT("sluice-worker") != 0) {
        return false;
    }
    vips_block_untrusted_set(TRUE);
    vips_cache_set_max(0);
    vips_concurrency_set(1);
    keep_freed_memory();
    g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING, pass_on, nullptr);
    return true;
}

Processed<ImageProbe> probe_image(const std::string& path, Container container) {
    const auto image = load_image(path, container);
    struct stat facts{};
    if (!image || ::stat(path.c_str(), &facts) != 0) {
        return std::unexpected(explain_unreadable(
            container,
            "image header not readable",
            invalid_media(
                "CorruptContainer",
                "header of " + std::string(facts_of(container).media_type) +
                    " missing or unreadable"
            )
        ));
    }
    return ImageProbe{
        .container = container,
        .size = {static_cast<std::uint64_t>(facts.st_size)},
        .picture =
            {static_cast<std::uint32_t>(vips_image_get_width(image.get())),
             static_cast<std::uint32_t>(vips_image_get_page_height(image.get()))},
        .orientation = vips_image_get_orientation(image.get()),
        .pages = vips_image_get_n_pages(image.get()),
        .has_alpha = vips_image_hasalpha(image.get()) != 0,
        .progressive = is_progressive(image.get()),
    };
}

namespace {

// Where files go, and the list of those that are there.
struct Files {
    const std::string& folder;
    std::vector<ProducedFile>& made;
};

Processed<void> write_formats(VipsImage* image, const ImageVariant& variant, Files into) {
    const bool has_alpha = vips_image_hasalpha(image) != 0;
    std::vector<const ImageFormat*> formats{has_alpha ? &png_format : &jpeg_format, &webp_format};
    if (variant.with_avif) {
        formats.push_back(&avif_format);
    }
    for (const auto* format : formats) {
        auto file = write_image(image, variant.name, *format, into.folder, OutputRole::picture);
        if (!file) {
            return std::unexpected(std::move(file).error());
        }
        into.made.push_back(*std::move(file));
    }
    return {};
}

}  // namespace

Processed<std::vector<ProducedFile>> make_poster(
    const std::string& picture, const std::string& output_folder
) {
    const auto source = load_image(picture, Container::png);
    const auto image = source ? Image(vips_image_copy_memory(source.get())) : nullptr;
    if (!image) {
        log_complaint("poster not decoded");
        return std::unexpected(internal_error("StorageError", "temporary problem, try again"));
    }
    drop_metadata(image.get());
    std::vector<ProducedFile> files;
    for (const auto* format : {&jpeg_format, &webp_format}) {
        auto file = write_image(image.get(), "poster", *format, output_folder, OutputRole::poster);
        if (!file) {
            return std::unexpected(std::move(file).error());
        }
        files.push_back(*std::move(file));
    }
    files.front().placeholder = placeholder_of(image.get());
    return files;
}

Processed<std::vector<ProducedFile>> make_images(
    const ImagePlan& plan,
    const std::string& input,
    Container container,
    const std::string& output_folder,
    const OnVariant& on_variant
) {
    auto largest = decode_largest(input, container, plan);
    if (!largest) {
        return std::unexpected(explain_unreadable(container, "image not decoded", undecodable()));
    }
    std::vector<ProducedFile> files;
    auto whole = std::move(largest);  // the smallest that is not cropped
    for (std::size_t i = 0; i < plan.variants.size(); ++i) {
        auto image = i == 0 ? shared(whole.get()) : variant_from(whole.get(), plan.variants[i]);
        if (!image) {
            log_complaint("variant not made");
            return std::unexpected(undecodable());
        }
        const auto written = write_formats(image.get(), plan.variants[i], {output_folder, files});
        if (!written) {
            return std::unexpected(written.error());
        }
        on_variant(i + 1);
        if (!plan.variants[i].cropped) {
            whole = std::move(image);
        }
    }
    files.front().placeholder = placeholder_of(whole.get());
    return files;
}

}  // namespace sluice
