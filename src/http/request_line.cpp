#include "http/request_line.hpp"

#include <array>
#include <string>

#include "base/text.hpp"
#include "http/field_line.hpp"

namespace sluice::http {

namespace {

constexpr std::size_t method_length_max = 32;

Error malformed(std::string facts) {
    return Error{ErrorCode::request_malformed, std::move(facts)};
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Looks at all of it, without a branch, so that the compiler takes many at a time.
bool has_target_chars_only(std::string_view text) {
    bool is_bad = false;
    for (const char c : text) {
        is_bad |= c <= 0x20 || c >= 0x7f || c == '#';
    }
    return !is_bad;
}

constexpr std::array<bool, 256> host_chars = [] {
    std::array<bool, 256> table{};
    for (const char c : std::string_view("-._~%!$&'()*+,;=:[]0123456789")) {
        table[static_cast<unsigned char>(c)] = true;
    }
    for (char c = 'a'; c <= 'z'; ++c) {
        table[static_cast<unsigned char>(c)] = true;
        table[static_cast<unsigned char>(c - 'a' + 'A')] = true;
    }
    return table;
}();

Result<void> parse_version(std::string_view text, Request& request) {
    if (text.size() != 8 || !text.starts_with("HTTP/") || !is_digit(text[5]) || text[6] != '.' ||
        !is_digit(text[7])) {
        return malformed(
            "The request line does not end in an HTTP version: \"" + printable(text, 16) + "\"."
        );
    }
    if (text[5] != '1' || text[7] > '1') {
        return Error{
            ErrorCode::http_version_unsupported,
            "Got " + std::string(text) + ", expected HTTP/1.1 or HTTP/1.0."
        };
    }
    request.version_minor = text[7] - '0';
    return ok();
}

// Splits "/path?query"; an empty path is "/".
Result<void> take_path_and_query(std::string_view text, Request& request) {
    const auto question = text.find('?');
    if (question != std::string_view::npos) {
        request.raw_query = text.substr(question + 1);
        text = text.substr(0, question);
    }
    if (!text.empty() && !text.contains('%')) {
        request.path = text;  // as most are; keeps the memory
        return ok();
    }
    auto path = percent_decode(text.empty() ? "/" : text, false);
    if (!path || path->contains('\0')) {
        return malformed("The path has a broken percent escape or a NUL.");
    }
    request.path = std::move(*path);
    return ok();
}

// "http://host:port/path": clients behind a proxy send it. The Host field is ignored then (RFC
// 9112, 3.2.2).
Result<void> take_absolute_form(std::string_view target, Request& request) {
    const auto scheme_end = target.find("://");
    const auto scheme = lower_case(target.substr(0, scheme_end));
    if (scheme_end == std::string_view::npos || (scheme != "http" && scheme != "https")) {
        return malformed(
            "The request target is neither a path nor an http URL: \"" + printable(target) + "\"."
        );
    }
    auto rest = target.substr(scheme_end + 3);
    const auto authority = rest.substr(0, rest.find_first_of("/?"));
    if (!is_host(authority)) {
        return malformed("The request target names no valid host.");
    }
    request.base_url = scheme + "://" + std::string(authority);
    return take_path_and_query(rest.substr(authority.size()), request);
}

Result<void> parse_target(std::string_view target, Request& request) {
    if (target.empty() || !has_target_chars_only(target)) {
        return malformed(
            "The request target is empty or has characters that must be percent-encoded."
        );
    }
    request.target = target;
    if (target.front() == '/') {
        return take_path_and_query(target, request);
    }
    if (target == "*" && request.method == "OPTIONS") {
        request.path = "*";
        return ok();
    }
    return take_absolute_form(target, request);
}

}  // namespace

bool is_host(std::string_view text) {
    bool is_one = !text.empty() && text.front() != ':';
    for (const char c : text) {
        is_one &= host_chars[static_cast<unsigned char>(c)];
    }
    return is_one;
}

Result<void> parse_request_line(std::string_view line, Request& request) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
        return malformed("The request line is not \"METHOD target HTTP/1.1\".");
    }
    const auto method = line.substr(0, first);
    if (!is_token(method) || method.size() > method_length_max) {
        return malformed("The method is not a token: \"" + printable(method, 16) + "\".");
    }
    request.method = method;
    if (auto version = parse_version(line.substr(last + 1), request); !version) {
        return version;
    }
    return parse_target(line.substr(first + 1, last - first - 1), request);
}

}  // namespace sluice::http
