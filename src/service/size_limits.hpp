// Files that are too large, in the terms of their kind: X has a text of its own for pictures, GIFs and
// videos. Within service/ alone.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "core/category.hpp"

namespace sluice {

inline SizeLimit limit_of(Family family, ByteCount bytes_max) {
    const auto of = family == Family::image ? SizeLimit::Of::picture
                    : family == Family::gif ? SizeLimit::Of::gif
                                            : SizeLimit::Of::video;
    return {of, bytes_max.value};
}

// What X takes of a file whose category nobody named: it is processed while the caller waits
// (reference x-media-api, 5). Errors: category_missing.
inline std::optional<Error> too_large_without_category(Category by_content, ByteCount total) {
    using namespace literals;
    const Family family = family_of(by_content);
    const bool is_gif = family == Family::gif;
    if (!is_gif && family != Family::video) {
        return std::nullopt;
    }
    const ByteCount most = is_gif ? 5_MiB : 15_MiB;
    if (total <= most) {
        return std::nullopt;
    }
    return Error{
        .code = ErrorCode::category_missing,
        .facts = "No media_category was named, and the " + std::string(is_gif ? "GIF" : "video") +
                 " has " + std::to_string(total.value) + " bytes; X takes at most " +
                 std::to_string(most.value) + " without one.",
        .size_limit = is_gif ? std::optional(limit_of(family, most)) : std::nullopt,
    };
}

}  // namespace sluice
