// Refuses bytes that are plainly no medium: see core/mistaken_content.hpp. Within service/ alone.
#pragma once

#include <optional>
#include <string_view>

#include "base/text.hpp"
#include "core/category.hpp"
#include "core/mistaken_content.hpp"
#include "service/incoming.hpp"

namespace sluice {

// Subtitles are text, and so is what a caller calls text: there nothing is beyond doubt.
inline bool is_text_wanted(Category category, std::string_view media_type) {
    return family_of(category) == Family::text || family_of_type(media_type) == Family::text ||
           lower_case(media_type).starts_with("text/");
}

inline std::optional<Error> mistaken_media(const Incoming& incoming, bool begins_the_file) {
    const auto start = incoming.start();
    const std::string_view text(reinterpret_cast<const char*>(start.data()), start.size());
    return mistaken_content({text, incoming.length().value, begins_the_file});
}

}  // namespace sluice
