// A recording that somebody hands to sluice diagnose: whatever is read is judged, and has a verdict.
#include <string_view>

#include "base/assert.hpp"
#include "diagnosis/diagnose.hpp"
#include "diagnosis/read_trace.hpp"
#include "fuzz_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace sluice::diagnosis;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto trace = read_curl(text)) {
        SLUICE_ASSERT(!diagnose(*trace).empty());
    }
    return 0;
}
