// Something that processing made from an upload, stored as a blob and served under the media key.
// Value.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "core/segment.hpp"

namespace sluice {

struct Output {
    std::string name;          // last part of the URL: [a-z0-9_.-]+, unique within the upload
    std::string content_type;  // ours, never the upload's claim
    Extent extent;
    std::uint32_t width = 0;  // pixels, 0 where it has no meaning
    std::uint32_t height = 0;
    std::uint64_t duration_ms = 0;
    bool operator==(const Output&) const = default;
};

}  // namespace sluice
