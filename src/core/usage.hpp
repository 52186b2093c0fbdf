// What a principal uses of the store, and may use. Values.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/bytes.hpp"

namespace sluice {

struct Usage {
    std::uint64_t uploads_open = 0;
    // The announced sizes of all uploads that are neither cancelled nor expired: what an open one
    // reserves, what a finished one keeps. Outputs are not counted, nor is a part that was joined: its bytes are
    // those of the joined one, and it is open for nothing but another joining.
    ByteCount bytes;
    bool operator==(const Usage&) const = default;
};

// 0: no limit.
struct Quota {
    std::uint64_t uploads_open_max = 0;
    ByteCount bytes_max;

    bool has_room_for_another(const Usage& used) const {
        return uploads_open_max == 0 || used.uploads_open < uploads_open_max;
    }
    bool has_room_for(const Usage& used, ByteCount more) const {
        return bytes_max.value == 0 || (used.bytes <= bytes_max && more <= bytes_max - used.bytes);
    }
    // What is used may always shrink, however much it is.
    bool admits_change(ByteCount before, ByteCount after) const {
        return bytes_max.value == 0 || after <= std::max(before, bytes_max);
    }
};

}  // namespace sluice
