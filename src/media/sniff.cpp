#include "media/sniff.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/assert.hpp"

namespace sluice {
namespace {

using Bytes = std::span<const std::byte>;

std::string_view text_of(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool has_at(std::string_view text, std::size_t at, std::string_view wanted) {
    return text.size() >= at + wanted.size() && text.substr(at, wanted.size()) == wanted;
}

constexpr std::string_view png_signature{"\x89PNG\r\n\x1a\n", 8};
constexpr std::string_view matroska_signature{"\x1a\x45\xdf\xa3", 4};
constexpr std::string_view jpeg_signature{"\xff\xd8\xff", 3};

// Brands of still pictures in an ISO base media file, by their codec; and those of pictures of any
// codec, which name it among the brands that they are compatible with (ISO 23008-12, 10.2).
constexpr std::array<std::string_view, 8> heif_brands{
    "heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs"
};
constexpr std::array<std::string_view, 2> avif_brands{"avif", "avis"};
constexpr std::array<std::string_view, 3> picture_brands{"mif1", "msf1", "miaf"};
// A QuickTime file may begin with any of these instead of ftyp.
constexpr std::array<std::string_view, 5> quicktime_atoms{"moov", "mdat", "wide", "free", "skip"};

template <std::size_t Count>
bool is_among(const std::array<std::string_view, Count>& brands, std::string_view brand) {
    return std::ranges::find(brands, brand) != brands.end();
}

Container sniff_iso(std::string_view text) {
    const auto major = text.substr(8, 4);
    if (is_among(heif_brands, major)) {
        return Container::heif;
    }
    if (is_among(avif_brands, major)) {
        return Container::avif;
    }
    if (!is_among(picture_brands, major)) {
        return Container::mp4;
    }
    std::size_t end = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        end = end << 8 | static_cast<unsigned char>(text[i]);
    }
    for (std::size_t at = 16; at + 4 <= std::min(end, text.size()); at += 4) {
        if (is_among(avif_brands, text.substr(at, 4))) {
            return Container::avif;
        }
    }
    return Container::heif;
}

// Sync bytes of three packets in a row, or of all that are there in a short piece, at least two.
bool is_transport_stream(std::string_view text) {
    constexpr std::size_t packet = 188;
    return text.size() > packet && text[0] == 'G' && text[packet] == 'G' &&
           (text.size() <= 2 * packet || text[2 * packet] == 'G');
}

constexpr std::array container_facts{
    std::pair{Container::mp4, ContainerFacts{"video/mp4", Family::video, "mov"}},
    std::pair{Container::matroska, ContainerFacts{"video/webm", Family::video, "matroska"}},
    std::pair{Container::mpegts, ContainerFacts{"video/mp2t", Family::video, "mpegts"}},
    std::pair{Container::gif, ContainerFacts{"image/gif", Family::gif, "gif"}},
    std::pair{Container::jpeg, ContainerFacts{"image/jpeg", Family::image, ""}},
    std::pair{Container::png, ContainerFacts{"image/png", Family::image, ""}},
    std::pair{Container::webp, ContainerFacts{"image/webp", Family::image, ""}},
    std::pair{Container::heif, ContainerFacts{"image/heic", Family::image, "", true}},
    std::pair{Container::avif, ContainerFacts{"image/avif", Family::image, "", true}},
};

}  // namespace

Container sniff(Bytes first_bytes) {
    const auto text = text_of(first_bytes);
    if (has_at(text, 0, png_signature)) {
        return Container::png;
    }
    if (has_at(text, 0, jpeg_signature)) {
        return Container::jpeg;
    }
    if (has_at(text, 0, "GIF87a") || has_at(text, 0, "GIF89a")) {
        return Container::gif;
    }
    if (has_at(text, 0, "RIFF") && has_at(text, 8, "WEBP")) {
        return Container::webp;
    }
    if (has_at(text, 4, "ftyp") && text.size() >= 12) {
        return sniff_iso(text);
    }
    if (text.size() >= 8 &&
        std::ranges::find(quicktime_atoms, text.substr(4, 4)) != quicktime_atoms.end()) {
        return Container::mp4;
    }
    if (has_at(text, 0, matroska_signature)) {
        return Container::matroska;
    }
    return is_transport_stream(text) ? Container::mpegts : Container::unknown;
}

const ContainerFacts& facts_of(Container container) {
    const auto* row =
        std::ranges::find(container_facts, container, &std::pair<Container, ContainerFacts>::first);
    SLUICE_ASSERT(row != container_facts.end());
    return row->second;
}

bool may_carry(Container container, Family wanted) {
    if (container == Container::unknown) {
        return false;
    }
    const auto found = facts_of(container).family;
    return found == wanted || (found == Family::gif && wanted == Family::image);
}

}  // namespace sluice
