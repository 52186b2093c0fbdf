#include "media/webp_chunks.hpp"

#include <cstdint>

namespace sluice {
namespace {

constexpr std::size_t riff_head = 12;  // "RIFF", size, "WEBP"
constexpr std::size_t chunk_head = 8;  // name, size
// In the first byte of VP8X: which chunks are there.
constexpr unsigned has_exif = 0x08;
constexpr unsigned has_xmp = 0x04;

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
    std::uint32_t number = 0;
    for (std::size_t i = 4; i > 0; --i) {
        number = number << 8 | static_cast<unsigned char>(bytes[at + i - 1]);
    }
    return number;
}

void put_number(std::string& bytes, std::size_t at, std::uint32_t number) {
    for (std::size_t i = 0; i < 4; ++i) {
        bytes[at + i] = static_cast<char>(number >> (8 * i) & 0xff);
    }
}

}  // namespace

std::string without_metadata(std::string_view webp) {
    if (webp.size() < riff_head || !webp.starts_with("RIFF") || webp.substr(8, 4) != "WEBP") {
        return std::string(webp);
    }
    std::string kept(webp.substr(0, riff_head));
    std::size_t at = riff_head;
    while (at < webp.size()) {
        if (webp.size() - at < chunk_head) {
            return std::string(webp);
        }
        const auto name = webp.substr(at, 4);
        const std::uint64_t body = number_at(webp, at + 4);
        const std::uint64_t whole = chunk_head + body + body % 2;
        if (whole > webp.size() - at) {
            return std::string(webp);
        }
        if (name != "EXIF" && name != "XMP ") {
            kept += webp.substr(at, whole);
            if (name == "VP8X" && body > 0) {
                char& flags = kept[kept.size() - whole + chunk_head];
                flags =
                    static_cast<char>(static_cast<unsigned char>(flags) & ~(has_exif | has_xmp));
            }
        }
        at += whole;
    }
    put_number(kept, 4, static_cast<std::uint32_t>(kept.size() - chunk_head));
    return kept;
}

}  // namespace sluice
