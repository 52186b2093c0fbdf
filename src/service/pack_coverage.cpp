#include "service/pack_coverage.hpp"

#include <algorithm>

namespace sluice {
namespace {

std::uint64_t block_end_of(const Extent& extent, std::uint64_t block) {
    return (end_of(extent) + block - 1) / block * block;
}

bool is_held(const Extent& named, const std::vector<Extent>& held) {
    // The last that begins at or before it.
    const auto behind = std::ranges::upper_bound(
        held, named.offset.value, {}, [](const Extent& range) { return range.offset.value; }
    );
    return behind != held.begin() && end_of(*std::prev(behind)) >= end_of(named);
}

// From the end of what is named before to `until`.
void add_gap(std::vector<Extent>& gaps, BlobId blob, std::uint64_t from, std::uint64_t until) {
    if (until > from) {
        gaps.push_back({blob, {from}, {until - from}});
    }
}

}  // namespace

PackCoverage compare(
    const std::vector<Extent>& named, const std::vector<Extent>& held, std::uint64_t block
) {
    PackCoverage coverage;
    for (const Extent& extent : named) {
        if (extent.length.value > 0 && !is_held(extent, held)) {
            coverage.named_only.push_back(extent);
        }
    }
    auto next = named.begin();
    for (const Extent& range : held) {
        std::uint64_t at = range.offset.value;
        const std::uint64_t end = end_of(range);
        while (at < end && next != named.end() && next->offset.value < end) {
            add_gap(coverage.held_only, range.blob, at, next->offset.value / block * block);
            at = std::max(at, block_end_of(*next, block));
            next += at < end ? 1 : 0;  // otherwise it may reach into the next range
        }
        add_gap(coverage.held_only, range.blob, at, end);
    }
    return coverage;
}

}  // namespace sluice
