#include "http/field_line.hpp"

#include <algorithm>
#include <string>

#include "base/text.hpp"

namespace sluice::http {

namespace {

bool is_value_char(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= 0x20 && byte != 0x7f);
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
    const bool is_alnum =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_alnum || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").contains(c));
}

bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, is_token_char);
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
    if (!std::ranges::all_of(value, is_value_char)) {
        return malformed(
            "The header " + printable(name) + " has a control character in its value."
        );
    }
    return HeaderField{std::string(name), std::string(value)};
}

}  // namespace sluice::http
