#include "protocol/common/signed_request.hpp"

#include <algorithm>
#include <string>

#include "protocol/oauth/oauth1_fields.hpp"

namespace sluice::protocol {
namespace {

// What the client took for our name.
std::string authority_of(const http::Request& request) {
    const auto host = request.header("Host").value_or("");
    return request.direct_url.empty() ? std::string(host)
                                      : request.base_url.substr(request.base_url.find("://") + 3);
}

}  // namespace

oauth::SignedRequest signed_request(const http::Request& request) {
    const std::string_view target = request.target;
    const auto scheme = target.find("://");
    const auto begin = target.starts_with('/') || scheme == std::string_view::npos
                           ? 0
                           : std::min(target.find('/', scheme + 3), target.size());
    const std::string_view path = target.substr(begin, target.find('?') - begin);
    return {
        .method = request.method,
        .authority = authority_of(request),
        .path = std::string(path),
        .raw_query = request.raw_query,
        .query = oauth::parse_urlencoded(request.raw_query),
        .body = {},
        .scheme = request.base_url.starts_with("https://") ? "https" : "http",
    };
}

}  // namespace sluice::protocol
