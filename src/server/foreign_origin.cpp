#include "server/foreign_origin.hpp"

#include <string>

#include "base/text.hpp"

namespace sluice::server {
namespace {

bool is_loopback(std::string_view host) {
    return host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") ||
           host == "[::1]";
}

// "http://localhost:3000" -> "localhost"; empty for what is no address, as "null".
std::string host_of(std::string_view origin) {
    const auto scheme_end = origin.find("://");
    if (scheme_end == std::string_view::npos) {
        return {};
    }
    auto host = origin.substr(scheme_end + 3);
    const bool is_bracketed = host.starts_with('[');
    host = host.substr(0, is_bracketed ? host.find(']') + 1 : host.find(':'));
    return lower_case(host);
}

// Only digits and dots behind "127.": "127.0.0.1.evil.example" is a name.
bool is_address(std::string_view host) {
    return host.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

std::optional<Error> foreign_origin(const http::Request& request) {
    const bool only_reads =
        request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS";
    const auto origin = request.header("Origin");
    if (only_reads || !origin || request.header("Authorization")) {
        return std::nullopt;
    }
    const auto host = host_of(*origin);
    if (is_loopback(host) && (!host.starts_with("127.") || is_address(host))) {
        return std::nullopt;
    }
    return Error{
        .code = ErrorCode::host_not_allowed,
        .facts = "A page of \"" + printable(*origin) +
                 "\" sent this without credentials; pages of this machine alone may."
    };
}

}  // namespace sluice::server
