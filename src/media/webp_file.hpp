// The chunks of a WebP that we wrote: libvips 8.14 adds EXIF of its own making, told to or not. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace sluice {

// The same picture without EXIF, XMP and profile, and without the header that announces them if it
// announces nothing else. What is no WebP comes back as it was.
std::vector<std::byte> bare_webp(std::span<const std::byte> file);

}  // namespace sluice
