#include "server/foreign_origin.hpp"

#include <algorithm>
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

std::optional<Error> foreign_origin(
    const http::Request& request, std::span<const std::string> names
) {
    const bool only_reads =
        request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS";
    const auto origin = request.header("Origin");
    const bool is_cross_site = request.header("Sec-Fetch-Site").value_or("") == "cross-site";
    if (only_reads || (!origin && !is_cross_site) || request.header("Authorization")) {
        return std::nullopt;
    }
    const auto host = host_of(origin.value_or(""));
    if (std::ranges::find(names, host) != names.end()) {
        return std::nullopt;
    }
    if (is_loopback(host) && (!host.starts_with("127.") || is_address(host))) {
        return std::nullopt;
    }
    return Error{
        .code = ErrorCode::host_not_allowed,
        .facts = "A page of \"" + printable(origin.value_or("another site")) +
                 "\" sent this without credentials; pages of this machine alone may."
    };
}

}  // namespace sluice::server
