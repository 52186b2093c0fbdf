// Subtitles: what was read and written reads again as the same, is UTF-8, and never ends a cue early.
#include <string_view>

#include "base/assert.hpp"
#include "fuzz_target.hpp"
#include "media/subtitle_text.hpp"
#include "media/subtitles.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto read = sluice::read_subtitles(bytes);
    if (!read) {
        SLUICE_ASSERT(read.error().line >= 1 && !read.error().expected.empty());
        return 0;
    }
    const auto clean = sluice::write_vtt(*read);
    SLUICE_ASSERT(sluice::first_byte_not_utf8(clean) == std::string_view::npos);
    const auto again = sluice::read_subtitles(clean);
    SLUICE_ASSERT(again && again->cues == read->cues);
    return 0;
}
