// Which bytes a Range field asks for (RFC 9110, 14.1). One range is served; several, or anything
// that is not a byte range, are ignored and the whole is sent, as the RFC allows. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"

namespace sluice::protocol::delivery {

struct ByteRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0;  // inclusive
    bool operator==(const ByteRange&) const = default;
};

// Nothing: send the whole. Errors: range_not_satisfiable.
Result<std::optional<ByteRange>> parse_range(std::string_view field, std::uint64_t size);

}  // namespace sluice::protocol::delivery
