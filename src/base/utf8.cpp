#include "base/utf8.hpp"

#include <algorithm>
#include <iterator>

namespace sluice {
namespace {

// The well-formed sequences of UTF-8 (RFC 3629, 4): first bytes, length, and what the second byte may be. Every byte after
// the second is within 80..BF.
struct Utf8Row {
    unsigned char first_min;
    unsigned char first_max;
    unsigned char length;
    unsigned char second_min;
    unsigned char second_max;
};
constexpr Utf8Row utf8_rows[] = {
    {0xC2, 0xDF, 2, 0x80, 0xBF},
    {0xE0, 0xE0, 3, 0xA0, 0xBF},
    {0xE1, 0xEC, 3, 0x80, 0xBF},
    {0xED, 0xED, 3, 0x80, 0x9F},
    {0xEE, 0xEF, 3, 0x80, 0xBF},
    {0xF0, 0xF0, 4, 0x90, 0xBF},
    {0xF1, 0xF3, 4, 0x80, 0xBF},
    {0xF4, 0xF4, 4, 0x80, 0x8F},
};

bool is_sequence(std::string_view text, const Utf8Row& row) {
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    if (text.size() < row.length || byte(1) < row.second_min || byte(1) > row.second_max) {
        return false;
    }
    const auto rest = text.substr(2, row.length - 2);
    return std::ranges::all_of(rest, [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
    });
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
    const auto first = static_cast<unsigned char>(text.front());
    if (first < 0x80) {
        return 1;
    }
    const auto* row = std::ranges::find_if(utf8_rows, [first](const Utf8Row& candidate) {
        return first >= candidate.first_min && first <= candidate.first_max;
    });
    return row != std::end(utf8_rows) && is_sequence(text, *row) ? row->length : 0;
}

std::string as_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = text.front() == '\0' ? 0 : utf8_length(text);
        if (length == 0) {
            out += "\xEF\xBF\xBD";
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

}  // namespace sluice
