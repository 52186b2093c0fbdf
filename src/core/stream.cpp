#include "core/stream.hpp"

#include <algorithm>
#include <array>

namespace sluice {
namespace {

constexpr std::array<std::string_view, 4> kind_names{"segments", "stream", "part", "joined"};

}  // namespace

std::string_view name_of(UploadKind kind) {
    return kind_names[static_cast<std::size_t>(kind)];
}

std::optional<UploadKind> parse_upload_kind(std::string_view text) {
    const auto* found = std::ranges::find(kind_names, text);
    return found == kind_names.end()
               ? std::nullopt
               : std::optional(static_cast<UploadKind>(found - kind_names.begin()));
}

std::string text_of(const std::vector<MediaId>& parts) {
    std::string text;
    for (const MediaId part : parts) {
        text += (text.empty() ? "" : " ") + part.text();
    }
    return text;
}

std::vector<MediaId> parse_parts(std::string_view text) {
    std::vector<MediaId> parts;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        if (const auto id = MediaId::parse(text.substr(0, end))) {
            parts.push_back(*id);
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

}  // namespace sluice
