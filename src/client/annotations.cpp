#include "client/annotations.hpp"

#include <algorithm>
#include <string_view>

namespace sluice::client {
namespace {

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// de, EN, pt-BR: letters and hyphens, two of the first.
bool is_language(std::string_view text) {
    const auto first = text.substr(0, text.find('-'));
    return first.size() == 2 &&
           std::ranges::all_of(
               text, [](char c) { return is_letter(c) || c == '-' || (c >= '0' && c <= '9'); }
           ) &&
           std::ranges::all_of(first, is_letter);
}

}  // namespace

SubtitleFile parse_subtitle_file(const std::string& text) {
    const auto colon = text.rfind(':');
    if (colon == std::string::npos || !is_language(std::string_view(text).substr(colon + 1))) {
        return {.path = text};
    }
    auto language = text.substr(colon + 1, 2);
    std::ranges::transform(language, language.begin(), [](char c) {
        return static_cast<char>(c & ~0x20);
    });
    return {.path = text.substr(0, colon), .language = std::move(language)};
}

}  // namespace sluice::client
