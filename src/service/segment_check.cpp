#include "service/segment_check.hpp"

#include <algorithm>

#include "base/digest.hpp"

namespace sluice {
namespace {

constexpr std::size_t read_piece = 1024 * 1024;

}  // namespace

Result<SegmentHealth> health_by(Error error) {
    if (error.code == ErrorCode::store_not_found) {
        return SegmentHealth::missing;
    }
    return error.is_too_short ? Result<SegmentHealth>(SegmentHealth::too_short) : std::move(error);
}

Result<SegmentHealth> health_of(BlobStore& blobs, const Segment& segment) {
    return health_of(blobs, segment.extent, segment.crc32c);
}

Result<SegmentHealth> health_of(BlobStore& blobs, const Extent& extent, std::uint32_t expected) {
    if (extent.length.value == 0) {
        return SegmentHealth::whole;
    }
    if (const auto dropped = blobs.drop_cached(extent);
        !dropped && dropped.error().code == ErrorCode::store_not_found) {
        return SegmentHealth::missing;
    }
    std::vector<std::byte> piece(std::min<std::uint64_t>(read_piece, extent.length.value));
    std::uint32_t crc = 0;
    for (std::uint64_t at = 0; at < extent.length.value; at += piece.size()) {
        const std::span part(
            piece.data(), std::min<std::uint64_t>(piece.size(), extent.length.value - at)
        );
        if (auto read = blobs.read(extent, {at}, part); !read) {
            return health_by(std::move(read).error());
        }
        crc = crc32c(part, crc);
    }
    return crc == expected ? SegmentHealth::whole : SegmentHealth::differs;
}

Result<std::vector<SegmentIndex>> damaged_segments(BlobStore& blobs, const SegmentMap& segments) {
    std::vector<SegmentIndex> damaged;
    for (const auto& [index, segment] : segments) {
        auto health = health_of(blobs, segment);
        if (!health) {
            return std::move(health).error();
        }
        if (*health != SegmentHealth::whole) {
            damaged.push_back(index);
        }
    }
    return damaged;
}

void free_shared(
    BlobStore& blobs, const SegmentMap& segments, const std::vector<SegmentIndex>& dropped
) {
    for (const SegmentIndex index : dropped) {
        const auto segment = segments.find(index);
        if (segment != segments.end() && segment->second.extent.blob.is_shared()) {
            // What stays of it is nobody's: fsck finds it.
            static_cast<void>(blobs.remove(segment->second.extent));
        }
    }
}

}  // namespace sluice
