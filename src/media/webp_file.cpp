#include "media/webp_file.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace sluice {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t file_head = 12;
constexpr std::size_t chunk_head = 8;

std::string_view text_of(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::uint32_t number_at(Bytes bytes, std::size_t at) {
    std::uint32_t number = 0;
    for (std::size_t i = 4; i > 0; --i) {
        number = number << 8 | std::to_integer<std::uint32_t>(bytes[at + i - 1]);
    }
    return number;
}

// The first chunk with its head and padding; empty if it is cut.
Bytes first_chunk(Bytes rest) {
    if (rest.size() < chunk_head) {
        return {};
    }
    const std::size_t length = number_at(rest, 4);
    const std::size_t whole = chunk_head + length + length % 2;
    return whole <= rest.size() ? rest.first(whole) : Bytes();
}

bool is_note(std::string_view kind) {
    constexpr std::array<std::string_view, 3> notes{"EXIF", "XMP ", "ICCP"};
    return std::ranges::find(notes, kind) != notes.end();
}

// ICC, EXIF and XMP; what remains are alpha and animation.
constexpr std::byte note_flags{0x20 | 0x08 | 0x04};

// Of lossless pixels the bits themselves say that there is alpha.
bool has_lossless_pixels(Bytes chunks) {
    for (auto chunk = first_chunk(chunks); !chunk.empty(); chunk = first_chunk(chunks)) {
        if (text_of(chunk).starts_with("VP8L")) {
            return true;
        }
        chunks = chunks.subspan(chunk.size());
    }
    return false;
}

// Nothing of a note, nor of a header that has nothing left to say.
void keep_bare(Bytes chunk, bool is_lossless, std::vector<std::byte>& bare) {
    const auto kind = text_of(chunk).substr(0, 4);
    const bool is_header = kind == "VP8X" && chunk.size() > chunk_head;
    const auto flags = is_header ? chunk[chunk_head] & ~note_flags : std::byte{1};
    constexpr std::byte alpha{0x10};
    const bool is_needless = flags == std::byte{0} || (is_lossless && flags == alpha);
    if (is_note(kind) || is_needless) {
        return;
    }
    const auto begin = bare.size();
    bare.insert(bare.end(), chunk.begin(), chunk.end());
    if (is_header) {
        bare[begin + chunk_head] = flags;
    }
}

}  // namespace

std::vector<std::byte> bare_webp(Bytes file) {
    const auto text = text_of(file);
    if (file.size() < file_head || !text.starts_with("RIFF") || text.substr(8, 4) != "WEBP") {
        return {file.begin(), file.end()};
    }
    const bool is_lossless = has_lossless_pixels(file.subspan(file_head));
    std::vector<std::byte> bare(file.begin(), file.begin() + file_head);
    auto rest = file.subspan(file_head);
    for (auto chunk = first_chunk(rest); !chunk.empty(); chunk = first_chunk(rest)) {
        keep_bare(chunk, is_lossless, bare);
        rest = rest.subspan(chunk.size());
    }
    const auto length = static_cast<std::uint32_t>(bare.size() - chunk_head);
    for (std::size_t i = 0; i < 4; ++i) {
        bare[4 + i] = static_cast<std::byte>(length >> (8 * i));
    }
    return bare;
}

}  // namespace sluice
