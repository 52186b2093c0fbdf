#include "service/quarantine.hpp"

#include "base/digest.hpp"

namespace sluice {
namespace {

std::uint32_t content_crc32c(const SegmentMap& segments) {
    std::uint32_t crc = 0;
    for (const auto& [index, segment] : segments) {
        crc = crc32c_joined(crc, segment.crc32c, segment.extent.length.value);
    }
    return crc;
}

std::string refused_until(WallTime until) {
    return "the same content is refused until " + rfc3339(until);
}

}  // namespace

Result<std::optional<ProcessingFailure>> set_aside(
    MetadataStore& metadata, const Upload& upload, std::chrono::milliseconds lasts, WallTime now
) {
    const auto crashed = metadata.crashed_since(upload.owner, upload.total, now - lasts);
    if (!crashed) {
        return crashed.error();
    }
    if (crashed->empty()) {
        return std::optional<ProcessingFailure>();
    }
    const auto found = metadata.find_any(upload.id);
    if (!found) {
        return found.error();
    }
    const std::uint32_t own = content_crc32c(found->segments);
    for (const MediaId id : *crashed) {
        const auto other = metadata.find_any(id);
        if (other && content_crc32c(other->segments) == own) {
            return std::optional(ProcessingFailure{
                2,
                "InternalError",
                "Quarantined",
                "not processed: this content, as media " + id.text() +
                    ", crashed what processes it; " +
                    refused_until(other->upload.changed_at + lasts)
            });
        }
    }
    return std::optional<ProcessingFailure>();
}

ProcessingFailure crashed_too_often(int crashes, WallTime until) {
    return {
        2,
        "InternalError",
        "WorkerCrashed",
        "this content crashed what processes it " + std::to_string(crashes) +
            " times and is set aside; " + refused_until(until)
    };
}

ProcessingFailure interrupted_too_often(int interruptions, WallTime until) {
    return {
        2,
        "InternalError",
        "WorkerCrashed",
        "the server ended " + std::to_string(interruptions) +
            " times while it processed this content, which is set aside; " + refused_until(until)
    };
}

}  // namespace sluice
