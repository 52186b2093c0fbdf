// The chunked decoder: the same data, end and rest however the bytes arrive; it never takes more
// than it was given.
#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "base/assert.hpp"
#include "fuzz_target.hpp"
#include "http/chunked_decoder.hpp"

namespace sluice::http {
namespace {

struct Decoded {
    std::string data;
    std::size_t used = 0;
    bool is_done = false;
    bool is_refused = false;
    std::size_t trailers = 0;
    bool operator==(const Decoded&) const = default;
};

Decoded decode(std::string_view text, std::size_t step) {
    ChunkedDecoder decoder;
    Decoded decoded;
    while (decoded.used < text.size() && !decoder.is_done()) {
        const auto piece = text.substr(decoded.used, step);
        auto input = std::as_bytes(std::span(piece));
        if (!decoder.eat_framing(input)) {
            return {.data = {}, .used = 0, .is_done = false, .is_refused = true, .trailers = 0};
        }
        const auto count = std::min<std::uint64_t>(decoder.data_due(), input.size());
        decoded.data.append(reinterpret_cast<const char*>(input.data()), count);
        if (count > 0) {
            decoder.data_taken(count);
        }
        decoded.used += piece.size() - input.size() + count;
    }
    decoded.is_done = decoder.is_done();
    decoded.trailers = decoder.trailers().size();
    return decoded;
}

}  // namespace
}  // namespace sluice::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace sluice::http;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto whole = decode(text, size + 1);
    SLUICE_ASSERT(whole.used <= size && whole.data.size() <= size);
    SLUICE_ASSERT(decode(text, 1) == whole);
    SLUICE_ASSERT(decode(text, 7) == whole);
    return 0;
}
