// ByteRanges: which parts of a blob are taken, as a set of ranges that do not overlap; neighbours
// are joined, so that an upload that came in order is one range. A value; the engines of BlobStore
// use it under their own mutex.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>

#include "base/bytes.hpp"

namespace sluice {

class ByteRanges {
  public:
    bool is_empty() const { return ends_.empty(); }

    // Ranges of no length meet nothing.
    bool meets(ByteOffset at, ByteCount length) const {
        const auto after = ends_.lower_bound(at.value + length.value);
        return length.value > 0 && after != ends_.begin() && std::prev(after)->second > at.value;
    }

    // Also where parts of it are there already.
    void add(ByteOffset at, ByteCount length) {
        if (length.value == 0) {
            return;
        }
        std::uint64_t begin = at.value;
        std::uint64_t end = at.value + length.value;
        auto next = ends_.upper_bound(end);
        while (next != ends_.begin() && std::prev(next)->second >= begin) {
            next = std::prev(next);
            begin = std::min(begin, next->first);
            end = std::max(end, next->second);
            next = ends_.erase(next);
        }
        ends_.emplace(begin, end);
    }

  private:
    std::map<std::uint64_t, std::uint64_t> ends_;  // begin -> end
};

}  // namespace sluice
