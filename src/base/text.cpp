#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <utility>
#include <vector>

#include "base/utf8.hpp"

namespace sluice {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::size_t edit_distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> row(right.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= left.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= right.size(); ++j) {
            const std::size_t above = row[j];
            const std::size_t replaced =
                diagonal + (lower(left[i - 1]) == lower(right[j - 1]) ? 0 : 1);
            row[j] = std::min({above + 1, row[j - 1] + 1, replaced});
            diagonal = above;
        }
    }
    return row.back();
}

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// Controls of ISO 8859, and what turns the text around it about or breaks the line (U+061C, U+200E and F,
// U+2028 to 202E, U+2066 to 2069): with them it can be made to read as something else than it is.
bool is_deceptive(std::string_view character) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 5> ranges{{
        {"\xc2\x80", "\xc2\x9f"},
        {"\xd8\x9c", "\xd8\x9c"},
        {"\xe2\x80\x8e", "\xe2\x80\x8f"},
        {"\xe2\x80\xa8", "\xe2\x80\xae"},
        {"\xe2\x81\xa6", "\xe2\x81\xa9"},
    }};
    return std::ranges::any_of(ranges, [character](const auto& range) {
        return range.first <= character && character <= range.second;
    });
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char l = lower(c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

// The byte of the "%41" at the front.
std::optional<char> escaped_byte(std::string_view text) {
    const int high = text.size() > 2 ? hex_value(text[1]) : -1;
    const int low = text.size() > 2 ? hex_value(text[2]) : -1;
    return high < 0 || low < 0 ? std::nullopt : std::optional(static_cast<char>(high * 16 + low));
}

}  // namespace

std::optional<std::uint64_t> parse_unsigned(std::string_view text) {
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): from_chars takes both ends
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    if (text.empty() || error != std::errc{} || stopped != end) {
        return std::nullopt;
    }
    return number;
}

std::optional<ByteCount> parse_size(std::string_view text) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = parse_unsigned(text.substr(0, digits));
    std::string unit = lower_case(text.substr(digits));
    if (unit.ends_with('b')) {
        unit.pop_back();
    }
    if (unit.ends_with('i')) {
        unit.pop_back();
    }
    static constexpr std::string_view units = "kmgt";
    int shift = 0;
    if (unit.size() == 1 && units.contains(unit[0])) {
        shift = 10 * (static_cast<int>(units.find(unit[0])) + 1);
    } else if (!unit.empty()) {
        return std::nullopt;
    }
    if (!number || *number > (~0ULL >> shift)) {
        return std::nullopt;
    }
    return ByteCount{*number << shift};
}

bool equals_ignoring_case(std::string_view left, std::string_view right) {
    return std::ranges::equal(left, right, [](char a, char b) { return lower(a) == lower(b); });
}

std::string lower_case(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), lower);
    return result;
}

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<std::string_view> nearest_word(
    std::string_view word, std::span<const std::string_view> words
) {
    std::optional<std::string_view> best;
    std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const std::string_view candidate : words) {
        const std::size_t distance = edit_distance(word, candidate);
        if (distance < best_distance) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

std::string on_one_line(std::string_view text, std::size_t length_max) {
    std::string result;
    for (std::string_view rest = text.substr(0, length_max); !rest.empty();) {
        const auto shown = rest.substr(0, std::max<std::size_t>(utf8_length(rest), 1));
        result += is_control(shown.front()) || is_deceptive(shown) ? "?" : shown;
        rest.remove_prefix(shown.size());
    }
    return text.size() > length_max ? result + "..." : result;
}

std::string printable(std::string_view text, std::size_t length_max) {
    std::string result;
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const auto shown = text.substr(0, std::max<std::size_t>(length, 1));
        if (result.size() + shown.size() > length_max) {
            return result + "...";
        }
        const bool is_plain =
            length > 0 && !is_control(shown.front()) && shown != "\"" && !is_deceptive(shown);
        result += is_plain ? shown : shown == "\"" ? "'" : "?";
        text.remove_prefix(shown.size());
    }
    return result;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
    const auto is_without = [text](char c) { return text.find(c) == std::string_view::npos; };
    if (is_without('%') && (!plus_is_blank || is_without('+'))) {
        return std::string(text);  // as most are
    }
    std::string result;
    result.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            result += text[i] == '+' && plus_is_blank ? ' ' : text[i];
            continue;
        }
        const auto byte = escaped_byte(text.substr(i));
        if (!byte) {
            return std::nullopt;
        }
        result += *byte;
        i += 2;
    }
    return result;
}

std::string percent_encode(std::string_view text) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    // Megabytes of base64 come this way (signed bodies), so runs are copied whole.
    static constexpr auto is_free = [] {
        std::array<bool, 256> table{};
        for (unsigned c = 0; c < table.size(); ++c) {
            table[c] = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
        }
        return table;
    }();
    std::string result;
    result.reserve(text.size() + text.size() / 8);
    std::size_t copied = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        if (is_free[byte]) {
            continue;
        }
        result.append(text, copied, at - copied);
        result += '%';
        result += digits[byte >> 4];
        result += digits[byte & 15U];
        copied = at + 1;
    }
    return result.append(text, copied);
}

}  // namespace sluice
