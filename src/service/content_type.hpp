// The media type that the first bytes show; empty if they show none that is known. Within service/
// alone.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "media/sniff.hpp"

namespace sluice {

inline std::string_view type_of_content(std::span<const std::byte> first_bytes) {
    const Container container = sniff(first_bytes);
    return container == Container::unknown ? std::string_view() : facts_of(container).media_type;
}

}  // namespace sluice
