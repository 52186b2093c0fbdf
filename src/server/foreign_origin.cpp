#include "server/foreign_origin.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.hpp"
#include "dev_tls/hosts.hpp"
#include "protocol/rufh/endpoint.hpp"
#include "protocol/tus/endpoint.hpp"

namespace sluice::server {
namespace {

using protocol::host_of;
using protocol::is_address;
using protocol::is_of_this_machine;
using protocol::PageOrigins;

// By the request itself and by what a proxy says of it. Neither is enough: what a proxy says any page can say
// whose name leads to the proxy's address, and a proxy may write a name of its own into the request.
std::array<std::string, 2> own_hosts_of(const http::Request& request) {
    const std::string told = host_of(request.base_url);
    return {request.direct_url ? host_of(*request.direct_url) : told, told};
}

// No stranger can have it: an address, a name without a dot, which no public name server leads
// anywhere, or one that `sluice env` leads here.
bool is_no_strangers(std::string_view host) {
    return is_of_this_machine(host) || is_address(host) || !host.contains('.') ||
           std::ranges::find(dev_tls::x_hosts, host) != dev_tls::x_hosts.end();
}

// By these two pages of other sites may upload.
bool takes_streams(std::string_view path) {
    return protocol::tus::Endpoint::serves(path) || protocol::rufh::Endpoint::serves(path);
}

// Or asks whether it may.
bool is_write(const http::Request& request) {
    const bool is_question = request.method == "OPTIONS" && takes_streams(request.path);
    const auto method = is_question
                            ? request.header("Access-Control-Request-Method").value_or("OPTIONS")
                            : std::string_view(request.method);
    return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

// A page elsewhere that sends credentials has to ask first, and is not answered; one at our own
// address has not, nor has one that the browser takes for ours.
bool is_foreign_write(const http::Request& request, const PageOrigins& pages) {
    const auto origin = request.header("Origin");
    const bool is_cross_site = request.header("Sec-Fetch-Site").value_or("") == "cross-site";
    if (!is_write(request) || (!origin && !is_cross_site)) {
        return false;
    }
    const auto host = host_of(origin.value_or(""));
    const auto own = own_hosts_of(request);
    const bool is_at_home = std::ranges::find(own, host) != own.end() ||
                            request.header("Sec-Fetch-Site") == "same-origin";
    const bool has_asked = request.header("Authorization") && !is_at_home;
    const bool is_listed = takes_streams(request.path) && pages.has(origin.value_or(""));
    return !has_asked && !is_listed && !is_of_this_machine(host) && !pages.has_name(host);
}

}  // namespace

std::optional<Error> foreign_page(const http::Request& request, const PageOrigins& pages) {
    if (is_foreign_write(request, pages)) {
        return Error{
            .code = ErrorCode::host_not_allowed,
            .facts = "A page of \"" + printable(request.header("Origin").value_or("another site")) +
                     "\" sent this without credentials that were checked; pages of this machine "
                     "alone may, and of sites that the server was started with: --server-name" +
                     (takes_streams(request.path) ? " or --cors-origin." : ".")
        };
    }
    const auto hosts = own_hosts_of(request);
    const auto stranger = std::ranges::find_if(hosts, [&pages](const std::string& host) {
        return !is_no_strangers(host) && !pages.has_name(host);
    });
    if (request.path.starts_with("/api/v1/") && stranger != hosts.end()) {
        return Error{
            .code = ErrorCode::host_not_allowed,
            .facts = "This was sent to \"" + printable(*stranger, 128) +
                     "\", a name that this server does not know as its own. Start it with "
                     "--server-name to serve this API there."
        };
    }
    return std::nullopt;
}

}  // namespace sluice::server
