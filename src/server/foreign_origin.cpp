#include "server/foreign_origin.hpp"

#include <algorithm>
#include <string>

#include "base/text.hpp"
#include "dev_tls/hosts.hpp"

namespace sluice::server {
namespace {

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

// By the request itself: what a proxy says any page can say whose name leads to the proxy's address.
std::string own_host_of(const http::Request& request) {
    return host_of(request.direct_url.empty() ? request.base_url : request.direct_url);
}

// Only digits and dots: "127.0.0.1.evil.example" is a name.
bool is_address(std::string_view host) {
    return host.starts_with('[') ||
           (!host.empty() && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

bool is_of_this_machine(std::string_view host) {
    return host == "localhost" || host.ends_with(".localhost") || host == "[::1]" ||
           (host.starts_with("127.") && is_address(host));
}

// No stranger can have it: an address, a name without a dot, which no public name server leads
// anywhere, or one that `sluice env` leads here.
bool is_no_strangers(std::string_view host) {
    return is_of_this_machine(host) || is_address(host) || !host.contains('.') ||
           std::ranges::find(dev_tls::x_hosts, host) != dev_tls::x_hosts.end();
}

bool is_named(std::string_view host, std::span<const std::string> names) {
    return std::ranges::find(names, host) != names.end();
}

// A page elsewhere that sends credentials has to ask first, and is not answered; one at our own
// address has not.
bool is_foreign_write(const http::Request& request, std::span<const std::string> names) {
    const bool only_reads =
        request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS";
    const auto origin = request.header("Origin");
    const bool is_cross_site = request.header("Sec-Fetch-Site").value_or("") == "cross-site";
    if (only_reads || (!origin && !is_cross_site)) {
        return false;
    }
    const auto host = host_of(origin.value_or(""));
    const bool has_asked = request.header("Authorization") && host != own_host_of(request);
    return !has_asked && !is_of_this_machine(host) && !is_named(host, names);
}

}  // namespace

std::optional<Error> foreign_page(
    const http::Request& request, std::span<const std::string> names
) {
    if (is_foreign_write(request, names)) {
        return Error{
            .code = ErrorCode::host_not_allowed,
            .facts = "A page of \"" + printable(request.header("Origin").value_or("another site")) +
                     "\" sent this without credentials that were checked; pages of this machine "
                     "alone may."
        };
    }
    const auto host = own_host_of(request);
    if (request.path.starts_with("/api/v1/") && !is_no_strangers(host) && !is_named(host, names)) {
        return Error{
            .code = ErrorCode::host_not_allowed,
            .facts = "This was sent to \"" + printable(host, 128) +
                     "\", a name that this server does not know as its own. Start it with "
                     "--server-name to serve this API there."
        };
    }
    return std::nullopt;
}

}  // namespace sluice::server
