#include "core/output.hpp"

#include <algorithm>
#include <array>

namespace sluice {
namespace {

// In the order of the enum.
constexpr std::array<std::string_view, 7> names{
    "rendition", "picture", "poster", "playlist", "track", "storyboard", "captions"
};

}  // namespace

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
