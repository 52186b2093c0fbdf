// Base64: the same bytes, or the same refusal, however the text is cut.
#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "base/assert.hpp"
#include "base/base64.hpp"
#include "fuzz_target.hpp"

namespace sluice {
namespace {

std::optional<std::vector<std::byte>> decode(std::span<const std::byte> text, std::size_t step) {
    Base64Decoder decoder;
    std::vector<std::byte> out;
    while (!text.empty()) {
        const auto piece = text.first(std::min(step, text.size()));
        if (!decoder.feed(piece, out)) {
            return std::nullopt;
        }
        text = text.subspan(piece.size());
    }
    return decoder.finish() ? std::optional(out) : std::nullopt;
}

}  // namespace
}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = std::as_bytes(std::span(data, size));
    const auto whole = sluice::decode(text, size + 1);
    SLUICE_ASSERT(!whole || whole->size() <= size);
    SLUICE_ASSERT(sluice::decode(text, 1) == whole);
    SLUICE_ASSERT(sluice::decode(text, 3) == whole);
    return 0;
}
