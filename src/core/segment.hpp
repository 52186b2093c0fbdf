// A segment is a run of bytes with an index, as a client sent it; an extent says where a BlobStore
// keeps it. Segments may have any length and come in any order. Values only.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"

namespace sluice {

// X: 0 to 999 (reference 2.4).
struct SegmentIndex {
    std::uint16_t value = 0;
    constexpr auto operator<=>(const SegmentIndex&) const = default;
};
inline constexpr std::uint16_t segment_index_max = 999;

// `length` bytes from `offset` of the blob. An empty segment has a blob of 0.
struct Extent {
    BlobId blob;
    ByteOffset offset;
    ByteCount length;
    bool operator==(const Extent&) const = default;
};

struct Segment {
    SegmentIndex index;
    Extent extent;
    std::uint32_t crc32c = 0;
    WallTime received_at;
    bool operator==(const Segment&) const = default;
};

using SegmentMap = std::map<SegmentIndex, Segment>;

// What the segments are against what was announced.
struct SegmentGaps {
    struct Run {
        std::uint16_t first = 0;
        std::uint16_t last = 0;
        bool operator==(const Run&) const = default;
    };
    std::vector<Run> arrived;           // neighbours joined
    std::vector<SegmentIndex> missing;  // below the highest index that is there
    ByteCount received;
};
SegmentGaps gaps_of(const SegmentMap& segments);

// Where each byte of the upload is, in order; neighbours in one blob are joined, so a flat upload
// is one extent.
std::vector<Extent> layout_of(const SegmentMap& segments);

}  // namespace sluice
