// What a worker says, and what it is told: a line that is understood is understood again from its own encoding.
#include <string>
#include <string_view>

#include "base/assert.hpp"
#include "fuzz_target.hpp"
#include "media/worker_protocol.hpp"

namespace {

std::string_view without_newline(std::string_view line) {
    return line.substr(0, line.size() - 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace sluice;
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    if (const auto report = decode_report(line)) {
        const auto again = decode_report(without_newline(encode(*report)));
        SLUICE_ASSERT(again && *again == *report);
    }
    if (const auto order = decode_order(line)) {
        SLUICE_ASSERT(decode_order(without_newline(encode(*order))).has_value());
    }
    return 0;
}
