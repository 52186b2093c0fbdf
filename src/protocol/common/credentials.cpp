#include "protocol/common/credentials.hpp"

#include "base/digest.hpp"
#include "base/text.hpp"

namespace sluice::protocol {
namespace {

Principal named_by(std::string_view token) {
    return {"token:" + sha256_hex(token).substr(0, 32)};
}

// The value of one parameter of an OAuth header: oauth_token="…" (RFC 5849, 3.5.1).
std::string oauth_parameter(std::string_view header, std::string_view name) {
    const std::string pattern = std::string(name) + "=\"";
    const auto at = header.find(pattern);
    if (at == std::string_view::npos) {
        return {};
    }
    const auto begin = at + pattern.size();
    const auto end = header.find('"', begin);
    return end == std::string_view::npos
               ? std::string()
               : percent_decode(header.substr(begin, end - begin), false).value_or("");
}

Result<Principal> principal_of(const http::Request& request) {
    const auto header = request.header("Authorization");
    if (!header || trim(*header).empty()) {
        return Principal{"anonymous"};
    }
    const std::string_view value = trim(*header);
    const auto blank = value.find(' ');
    const std::string_view scheme = value.substr(0, blank);
    const std::string_view rest =
        blank == std::string_view::npos ? std::string_view() : trim(value.substr(blank));
    if (equals_ignoring_case(scheme, "OAuth")) {
        std::string token = oauth_parameter(rest, "oauth_token");
        token = token.empty() ? oauth_parameter(rest, "oauth_consumer_key") : token;
        if (!token.empty()) {
            return named_by(token);
        }
    } else if (!rest.empty()) {
        return named_by(rest);
    }
    return Error{
        .code = ErrorCode::auth_malformed,
        .facts = "The Authorization field has the scheme \"" + printable(scheme, 20) +
                 "\" and no token that can be read.",
    };
}

}  // namespace

Result<Principal> identify(Exchange& exchange) {
    auto principal = principal_of(exchange.request);
    if (principal) {
        exchange.caller = Identity{.principal = *principal};
    }
    return principal;
}

}  // namespace sluice::protocol
