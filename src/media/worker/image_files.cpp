#include "media/worker/image_files.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>

#include "base/log.hpp"
#include "media/webp_chunks.hpp"

namespace sluice {
namespace {

constexpr int jpeg_quality = 82;
constexpr int webp_quality = 78;
constexpr int webp_effort = 2;  // 4 costs twice as much for 3 % fewer bytes
constexpr int avif_quality = 55;
constexpr int avif_effort = 0;  // 2 costs six times as much

int save_jpeg(VipsImage* image, const char* path) {
    return vips_jpegsave(
        image,
        path,
        "Q",
        jpeg_quality,
        "optimize_coding",
        TRUE,
        "interlace",
        TRUE,
        "strip",
        TRUE,
        nullptr
    );
}

int save_png(VipsImage* image, const char* path) {
    return vips_pngsave(image, path, "strip", TRUE, nullptr);
}

// libvips writes EXIF of its own into every WebP, whatever it is told; it is taken out again.
int save_webp(VipsImage* image, const char* path) {
    void* bytes = nullptr;
    std::size_t size = 0;
    const int failed = vips_webpsave_buffer(
        image, &bytes, &size, "Q", webp_quality, "effort", webp_effort, "strip", TRUE, nullptr
    );
    if (failed != 0) {
        return failed;
    }
    const std::unique_ptr<void, decltype(&g_free)> owner(bytes, &g_free);
    std::ofstream file(path, std::ios::binary);
    file << without_metadata({static_cast<const char*>(bytes), size});
    file.close();
    return file ? 0 : -1;
}

int save_avif(VipsImage* image, const char* path) {
    return vips_heifsave(
        image,
        path,
        "Q",
        avif_quality,
        "compression",
        VIPS_FOREIGN_HEIF_COMPRESSION_AV1,
        "effort",
        avif_effort,
        "strip",
        TRUE,
        nullptr
    );
}

// libheif tells by these words alone.
bool has_no_decoder() {
    constexpr std::array<std::string_view, 3> words{
        "Unsupported feature", "No decoding plugin", "heifload\" not found"
    };
    const std::string_view complaint = vips_error_buffer();
    return std::ranges::any_of(words, [complaint](std::string_view word) {
        return complaint.contains(word);
    });
}

}  // namespace

const ImageFormat jpeg_format{".jpg", "image/jpeg", save_jpeg};
const ImageFormat png_format{".png", "image/png", save_png};
const ImageFormat webp_format{".webp", "image/webp", save_webp};
const ImageFormat avif_format{".avif", "image/avif", save_avif};

// libvips keeps its complaints in one buffer per process; it goes to the log and nowhere else.
void log_complaint(std::string_view what) {
    log::warning(
        "image_refused", what, {{"detail", std::string(vips_error_buffer()).substr(0, 500)}}
    );
    vips_error_clear();
}

ProcessingFailure explain_unreadable(
    Container container, std::string_view what, ProcessingFailure failure
) {
    if (has_no_decoder()) {
        failure = unsupported_media(
            "Format",
            std::string(facts_of(container).media_type) +
                " cannot be read on this server: its libvips has no decoder for it"
        );
    }
    log_complaint(what);
    return failure;
}

Image load_image(const std::string& path, Container container, std::uint32_t shrink) {
    VipsImage* image = nullptr;
    const char* name = path.c_str();
    constexpr auto access = VIPS_ACCESS_SEQUENTIAL;
    constexpr auto strictness = VIPS_FAIL_ON_TRUNCATED;
    switch (container) {
        case Container::jpeg:
            vips_jpegload(
                name,
                &image,
                "access",
                access,
                "fail_on",
                strictness,
                "shrink",
                static_cast<int>(shrink),
                nullptr
            );
            break;
        case Container::png:
            vips_pngload(name, &image, "access", access, "fail_on", strictness, nullptr);
            break;
        case Container::webp:
            vips_webpload(name, &image, "access", access, "fail_on", strictness, nullptr);
            break;
        case Container::gif:
            vips_gifload(name, &image, "access", access, "fail_on", strictness, nullptr);
            break;
        case Container::heif:
        case Container::avif:
            vips_heifload(name, &image, "access", access, "fail_on", strictness, nullptr);
            break;
        default:
            break;
    }
    return Image(image);
}

void drop_metadata(VipsImage* image) {
    char** fields = vips_image_get_fields(image);
    for (char** field = fields; field != nullptr && *field != nullptr; ++field) {
        vips_image_remove(image, *field);  // does nothing for width, height and the like
    }
    g_strfreev(fields);
}

Processed<ProducedFile> write_image(
    VipsImage* image,
    const std::string& name,
    const ImageFormat& format,
    const std::string& folder,
    OutputRole role
) {
    ProducedFile file{
        .name = name + std::string(format.ending),
        .content_type = std::string(format.content_type),
        .width = static_cast<std::uint32_t>(vips_image_get_width(image)),
        .height = static_cast<std::uint32_t>(vips_image_get_height(image)),
        .role = role,
    };
    const auto path = folder + "/" + file.name;
    struct stat facts{};
    if (format.save(image, path.c_str()) != 0 || ::stat(path.c_str(), &facts) != 0 ||
        facts.st_size == 0) {
        log_complaint("image not written");
        return std::unexpected(internal_error("StorageError", "temporary problem, try again"));
    }
    file.size = {static_cast<std::uint64_t>(facts.st_size)};
    return file;
}

}  // namespace sluice
