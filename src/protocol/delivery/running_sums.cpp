#include "protocol/delivery/running_sums.hpp"

#include <algorithm>

#include "base/digest.hpp"

namespace sluice::protocol::delivery {

bool RunningSums::take(std::uint64_t at, std::span<const std::byte> bytes) {
    bool is_same = true;
    std::uint64_t begin = 0;
    for (const SegmentSum& segment : segments_) {
        const std::uint64_t end = begin + segment.length.value;
        const std::uint64_t length = at < end ? std::min<std::uint64_t>(bytes.size(), end - at) : 0;
        is_same = take_of(segment, begin, at, bytes.first(length)) && is_same;
        at += length;
        bytes = bytes.subspan(length);
        begin = end;
    }
    return is_same;
}

bool RunningSums::take_of(
    const SegmentSum& segment,
    std::uint64_t begin,
    std::uint64_t at,
    std::span<const std::byte> part
) {
    // A slow reader has given some back: it is read again, and has been added.
    const std::uint64_t end = begin + segment.length.value;
    if (begin < at && at < place_.next && place_.next <= end) {
        const auto again = std::min<std::uint64_t>(part.size(), place_.next - at);
        part = part.subspan(again);
        at += again;
    }
    if (part.empty()) {
        return true;
    }
    if (at == begin) {
        place_ = {.next = at, .crc = 0};
    }
    if (at != place_.next) {
        return true;  // its begin was not read
    }
    place_ = {.next = at + part.size(), .crc = crc32c(part, place_.crc)};
    return place_.next != end || place_.crc == segment.crc32c;
}

}  // namespace sluice::protocol::delivery
