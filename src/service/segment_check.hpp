// Whether the bytes of segments, and of what was made, are what their rows say: read from the disk, compared by CRC-32C.
// Reads all of them: work for the bulk pool, for recovery, and for `sluice fsck`.
#pragma once

#include <vector>

#include "base/result.hpp"
#include "core/segment.hpp"
#include "store/blob_store.hpp"

namespace sluice {

enum class SegmentHealth : std::uint8_t {
    whole,
    missing,    // no such blob
    too_short,  // the blob ends before
    differs,    // another checksum
};

// Errors: what cannot be looked at now (no descriptor left, an I/O error) is neither whole nor lost.
Result<SegmentHealth> health_of(BlobStore& blobs, const Segment& segment);
Result<SegmentHealth> health_of(BlobStore& blobs, const Extent& extent, std::uint32_t expected);
// By what a read of it failed with.
Result<SegmentHealth> health_by(Error error);

// Those that are not whole.
Result<std::vector<SegmentIndex>> damaged_segments(BlobStore& blobs, const SegmentMap& segments);

// Gives back what such segments had in blobs that others share; in the upload's own their place stays.
void free_shared(
    BlobStore& blobs, const SegmentMap& segments, const std::vector<SegmentIndex>& dropped
);

}  // namespace sluice
