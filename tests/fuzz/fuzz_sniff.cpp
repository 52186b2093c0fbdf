// Sniffing: total, and what it names has facts.
#include <span>

#include "base/assert.hpp"
#include "fuzz_target.hpp"
#include "media/sniff.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto container = sluice::sniff(std::as_bytes(std::span(data, size)));
    if (container != sluice::Container::unknown) {
        SLUICE_ASSERT(!sluice::facts_of(container).media_type.empty());
    }
    return 0;
}
