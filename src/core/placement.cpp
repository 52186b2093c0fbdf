#include "core/placement.hpp"

namespace sluice {

std::optional<ByteCount> stride_from(SegmentIndex index, ByteCount length, ByteCount total) {
    const std::uint64_t count = static_cast<std::uint64_t>(index.value) + 1;
    const bool is_not_the_last =
        length.value > 0 && length.value < (total.value + count - 1) / count;
    return is_not_the_last ? std::optional(length) : std::nullopt;
}

std::optional<ByteOffset> place_of(const PlacementQuestion& question) {
    const auto [index, length, total, stride] = question;
    if (length.value > total.value) {
        return std::nullopt;
    }
    if (index.value == 0) {
        return ByteOffset{0};
    }
    const std::optional<ByteCount> step = stride ? stride : stride_from(index, length, total);
    if (!step) {
        return ByteOffset{total.value - length.value};  // nothing can follow it: the last one
    }
    const std::uint64_t at = index.value * step->value;
    return at <= total.value - length.value ? std::optional(ByteOffset{at}) : std::nullopt;
}

}  // namespace sluice
