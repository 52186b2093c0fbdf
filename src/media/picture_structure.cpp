#include "media/picture_structure.hpp"

#include <fmt/format.h>

#include <string_view>

namespace sluice {
namespace {

// Encoders make about ten. Chance finds these two bytes once in 64 KiB of what is no picture data
// (profiles, notes), so that 5 MiB of it stay far below.
constexpr std::string_view scan_mark = "\xff\xda";
constexpr std::size_t scans_max = 500;

// libwebp's time grows with the square of them.
constexpr std::string_view frame_mark = "ANMF";
constexpr std::size_t frames_max = 2000;

std::size_t count_of(std::string_view text, std::string_view what) {
    std::size_t count = 0;
    for (auto at = text.find(what); at != std::string_view::npos;
         at = text.find(what, at + what.size())) {
        ++count;
    }
    return count;
}

std::optional<ProcessingFailure> refuse_more(
    std::size_t count, std::size_t allowed, std::string_view what
) {
    if (count <= allowed) {
        return std::nullopt;
    }
    return invalid_media(
        "ResourceLimit", fmt::format("{} {} are more than {}", count, what, allowed)
    );
}

}  // namespace

std::optional<ProcessingFailure> refuse_structure(
    Container container, std::span<const std::byte> whole
) {
    const std::string_view text(reinterpret_cast<const char*>(whole.data()), whole.size());
    switch (container) {
        case Container::jpeg:
            return refuse_more(count_of(text, scan_mark), scans_max, "scans");
        case Container::webp:
            return refuse_more(count_of(text, frame_mark), frames_max, "frames");
        default:
            return std::nullopt;
    }
}

}  // namespace sluice
