// ByteRanges: which parts of a blob are taken, as a set of ranges that do not overlap; neighbours
// are joined, so that an upload that came in order is one range. A value; the engines of BlobStore
// use it under their own mutex.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <vector>

#include "base/bytes.hpp"

namespace sluice {

class ByteRanges {
  public:
    bool is_empty() const { return ranges_.empty(); }

    // Ranges of no length meet nothing.
    bool meets(ByteOffset at, ByteCount length) const {
        const auto range = std::ranges::upper_bound(ranges_, at.value, {}, &Range::end);
        return length.value > 0 && range != ranges_.end() && range->begin < at.value + length.value;
    }

    // Also where parts of it are there already.
    void add(ByteOffset at, ByteCount length) {
        if (length.value == 0) {
            return;
        }
        Range added{at.value, at.value + length.value};
        const auto first = std::ranges::lower_bound(ranges_, added.begin, {}, &Range::end);
        const auto last = std::ranges::upper_bound(ranges_, added.end, {}, &Range::begin);
        if (first == last) {
            ranges_.insert(first, added);
            return;
        }
        added.begin = std::min(added.begin, first->begin);
        added.end = std::max(added.end, std::prev(last)->end);
        *first = added;
        ranges_.erase(std::next(first), last);
    }

  private:
    struct Range {
        std::uint64_t begin;
        std::uint64_t end;
    };
    std::vector<Range> ranges_;  // in order
};

}  // namespace sluice
