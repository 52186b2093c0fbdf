#include "core/output.hpp"

#include <algorithm>
#include <array>

namespace sluice {
namespace {

// In the order of the enum.
constexpr std::array<std::string_view, 7> names{
    "rendition", "picture", "poster", "playlist", "track", "storyboard", "captions"
};

struct RoleAndType {
    OutputRole role;
    std::string_view content_type;
};

constexpr std::array types{
    RoleAndType{OutputRole::rendition, "video/mp4"},
    RoleAndType{OutputRole::picture, "image/jpeg"},
    RoleAndType{OutputRole::picture, "image/png"},
    RoleAndType{OutputRole::picture, "image/webp"},
    RoleAndType{OutputRole::picture, "image/avif"},
    RoleAndType{OutputRole::poster, "image/jpeg"},
    RoleAndType{OutputRole::poster, "image/webp"},
    RoleAndType{OutputRole::playlist, "application/vnd.apple.mpegurl"},
    RoleAndType{OutputRole::track, "video/mp4"},
    RoleAndType{OutputRole::track, "audio/mp4"},
    RoleAndType{OutputRole::track, "application/vnd.apple.mpegurl"},
    RoleAndType{OutputRole::storyboard, "image/jpeg"},
    RoleAndType{OutputRole::storyboard, "text/vtt;charset=utf-8"},
    RoleAndType{OutputRole::captions, "text/vtt;charset=utf-8"},
};

}  // namespace

bool may_have_type(OutputRole role, std::string_view content_type) {
    return std::ranges::any_of(types, [&](const RoleAndType& row) {
        return row.role == role && row.content_type == content_type;
    });
}

std::string_view name_of(OutputRole role) {
    return names[static_cast<std::size_t>(role)];
}

std::optional<OutputRole> parse_output_role(std::string_view text) {
    const auto* const found = std::ranges::find(names, text);
    return found == names.end() ? std::nullopt
                                : std::optional(static_cast<OutputRole>(found - names.begin()));
}

bool is_output_name(std::string_view name) {
    const auto is_allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    };
    return !name.empty() && name.front() != '.' && std::ranges::all_of(name, is_allowed);
}

}  // namespace sluice
