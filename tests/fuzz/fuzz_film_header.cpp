// The index of a film: read within the file, in bounded steps, and its cost is a number.
#include <algorithm>
#include <span>

#include "base/assert.hpp"
#include "fuzz_target.hpp"
#include "media/film_header.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto file = std::as_bytes(std::span(data, size));
    int reads = 0;
    const auto read = [&](std::uint64_t offset, std::span<std::byte> into) -> std::size_t {
        ++reads;
        SLUICE_ASSERT(offset < file.size());
        const std::size_t count = std::min<std::size_t>(into.size(), file.size() - offset);
        std::ranges::copy(file.subspan(offset, count), into.begin());
        return count;
    };
    if (const auto film = sluice::film_header(size, read)) {
        SLUICE_ASSERT(film->width > 0 && film->height > 0 && film->frames > 0);
        SLUICE_ASSERT(sluice::wall_expected(*film).count() > 0);
    }
    SLUICE_ASSERT(reads <= 20'000);
    return 0;
}
