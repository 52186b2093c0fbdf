// What an upload is sealed from, by FINALIZE or by a stream's last byte. Within service/ alone.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "service/uploads.hpp"
#include "store/hot/hot_uploads.hpp"

namespace sluice {

struct Uploads::Sealing {
    const UploadWithSegments& found;
    Upload sealed;
    std::span<const std::byte> start;
    // Taken before `found` was read: what was written since is not told from memory as it was.
    std::optional<HotUploads::Version> seen;
};

// To be taken then. Nothing: nothing is told from memory.
inline std::optional<HotUploads::Version> version_seen(const HotUploads* hot, MediaId id) {
    return hot == nullptr ? std::nullopt : hot->version_of(id);
}

}  // namespace sluice
