// Pictures from files and into files, by libvips: the loader is named by the sniffed container, the
// saver by the format, and neither lets metadata through. In the worker only; blocking.
#pragma once

#include <vips/vips.h>

#include <memory>
#include <string>
#include <string_view>

#include "media/failures.hpp"
#include "media/sniff.hpp"
#include "media/worker_protocol.hpp"

namespace sluice {

struct UnrefImage {
    void operator()(VipsImage* image) const { g_object_unref(image); }
};
using Image = std::unique_ptr<VipsImage, UnrefImage>;

// Lazy: only the header was read. The first picture of several. `shrink`: what a JPEG's sides are
// divided by (1, 2, 4, 8). Null: unreadable; libvips holds why.
Image load_image(const std::string& path, Container container, std::uint32_t shrink = 1);

// Logs why libvips failed, and forgets it. What the owner is told: `failure`, or that this machine
// has no decoder for the format.
ProcessingFailure explain_unreadable(
    Container container, std::string_view what, ProcessingFailure failure
);
void log_complaint(std::string_view what);

// EXIF, position, comments, profiles: all that is not the picture. The savers are told to strip as
// well, but webpsave of libvips 8.14 writes EXIF all the same. Precondition: the image is ours
// alone.
void drop_metadata(VipsImage* image);

struct ImageFormat {
    std::string_view ending;
    std::string_view content_type;
    int (*save)(VipsImage*, const char*);
};
extern const ImageFormat jpeg_format;
extern const ImageFormat png_format;
extern const ImageFormat webp_format;
extern const ImageFormat avif_format;

// `name` + the format's ending in `folder`. Failures: StorageError.
Processed<ProducedFile> write_image(
    VipsImage* image,
    const std::string& name,
    const ImageFormat& format,
    const std::string& folder,
    OutputRole role
);

}  // namespace sluice
