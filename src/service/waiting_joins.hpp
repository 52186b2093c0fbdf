// What waits to be joined of a part can never be complete once the part has ended. Within service/ alone.
#pragma once

#include <algorithm>

#include "service/uploads.hpp"

namespace sluice {

inline void cancel_waiting(
    MetadataStore& metadata, Uploads& uploads, const Principal& owner, MediaId part
) {
    const auto waiting = metadata.waiting_to_join(owner);
    if (!waiting) {
        return;  // it expires
    }
    for (const Upload& joined : *waiting) {
        if (std::ranges::find(joined.stream.parts, part) != joined.stream.parts.end()) {
            static_cast<void>(uploads.cancel(owner, joined.id));  // else it expires
        }
    }
}

}  // namespace sluice
