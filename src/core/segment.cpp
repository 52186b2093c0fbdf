#include "core/segment.hpp"

namespace sluice {

SegmentGaps gaps_of(const SegmentMap& segments) {
    SegmentGaps gaps;
    std::uint16_t expected = 0;
    for (const auto& [index, segment] : segments) {
        if (gaps.arrived.empty() || expected < index.value) {
            gaps.arrived.push_back({index.value, index.value});
        }
        gaps.arrived.back().last = index.value;
        for (; expected < index.value; ++expected) {
            gaps.missing.push_back({expected});
        }
        expected = static_cast<std::uint16_t>(index.value + 1);
        gaps.received += segment.extent.length;
    }
    return gaps;
}

std::vector<Extent> layout_of(const SegmentMap& segments) {
    std::vector<Extent> layout;
    for (const auto& [index, segment] : segments) {
        const Extent& next = segment.extent;
        if (next.length.value == 0) {
            continue;
        }
        if (!layout.empty() && layout.back().blob == next.blob &&
            layout.back().offset + layout.back().length == next.offset) {
            layout.back().length += next.length;
        } else {
            layout.push_back(next);
        }
    }
    return layout;
}

}  // namespace sluice
