// The chunks of a WebP file (RIFF). Pure.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// The same picture without EXIF and XMP; what is no WebP comes back as it is.
std::string without_metadata(std::string_view webp);

}  // namespace sluice
