// The Range field: a range that is given lies within the file.
#include <string_view>

#include "base/assert.hpp"
#include "fuzz_target.hpp"
#include "protocol/delivery/range.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using sluice::protocol::delivery::parse_range;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const std::uint64_t length : {0ULL, 1ULL, 100ULL, ~0ULL}) {
        const auto range = parse_range(text, length);
        if (range && *range) {
            SLUICE_ASSERT((*range)->first <= (*range)->last && (*range)->last < length);
        }
    }
    return 0;
}
