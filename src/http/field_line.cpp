#include "http/field_line.hpp"

#include <array>
#include <string>

#include "base/text.hpp"

namespace sluice::http {

namespace {

constexpr std::array<bool, 256> token_chars = [] {
    std::array<bool, 256> table{};
    for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789")) {
        table[static_cast<unsigned char>(c)] = true;
    }
    for (char c = 'a'; c <= 'z'; ++c) {
        table[static_cast<unsigned char>(c)] = true;
        table[static_cast<unsigned char>(c - 'a' + 'A')] = true;
    }
    return table;
}();

// Looks at all of it, without a branch, so that the compiler takes many at a time.
bool is_value(std::string_view text) {
    bool is_bad = false;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        is_bad |= (byte < 0x20 && byte != '\t') || byte == 0x7f;
    }
    return !is_bad;
}

std::string_view trim_blanks(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Error malformed(std::string facts) {
    return Error{ErrorCode::request_malformed, std::move(facts)};
}

}  // namespace

bool is_token_char(char c) {
    return token_chars[static_cast<unsigned char>(c)];
}

bool is_token(std::string_view text) {
    bool is_one = !text.empty();
    for (const char c : text) {
        is_one &= token_chars[static_cast<unsigned char>(c)];
    }
    return is_one;
}

Result<HeaderField> parse_field_line(std::string_view line) {
    if (line.starts_with(' ') || line.starts_with('\t')) {
        return malformed("A header line begins with a blank (folded headers are not accepted).");
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) {
        return malformed("A header line has no colon: \"" + printable(line) + "\".");
    }
    const auto name = line.substr(0, colon);
    if (!is_token(name)) {
        return malformed("A header name is not a token: \"" + printable(name) + "\".");
    }
    const auto value = trim_blanks(line.substr(colon + 1));
    if (!is_value(value)) {
        return malformed(
            "The header " + printable(name) + " has a control character in its value."
        );
    }
    return HeaderField{std::string(name), std::string(value)};
}

}  // namespace sluice::http
