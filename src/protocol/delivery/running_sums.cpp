#include "protocol/delivery/running_sums.hpp"

#include <algorithm>

#include "base/digest.hpp"

namespace sluice::protocol::delivery {

bool RunningSums::take(std::uint64_t at, std::span<const std::byte> bytes) {
    bool is_same = true;
    std::uint64_t begin = 0;
    for (const SegmentSum& segment : segments_) {
        const std::uint64_t end = begin + segment.length.value;
        if (at < end && !bytes.empty()) {
            const auto part = bytes.first(std::min<std::uint64_t>(bytes.size(), end - at));
            if (at == begin) {
                place_ = {.next = at, .crc = 0};
            }
            const bool is_next = place_.next == at;
            at += part.size();
            bytes = bytes.subspan(part.size());
            if (is_next) {
                place_ = {.next = at, .crc = crc32c(part, place_.crc)};
                is_same = is_same && (at != end || place_.crc == segment.crc32c);
            }
        }
        begin = end;
    }
    return is_same;
}

}  // namespace sluice::protocol::delivery
