// The query string: whatever it is, it is refused or read, and what was read is read again from its own encoding.
#include <string>
#include <string_view>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "fuzz_target.hpp"
#include "protocol/common/parameters.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace sluice;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    protocol::Parameters parameters;
    static_cast<void>(parameters.add_query(text).has_value());
    SLUICE_ASSERT(!parameters.listed().empty());
    const auto decoded = percent_decode(text, true);
    if (decoded) {
        SLUICE_ASSERT(percent_decode(percent_encode(*decoded), false) == decoded);
    }
    return 0;
}
