#include "protocol/common/identities.hpp"

#include <algorithm>
#include <array>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace sluice::protocol {
namespace {

constexpr std::array<std::string_view, 9> usual_names{
    "localhost",
    "127.0.0.1",
    "[::1]",
    "upload.twitter.com",
    "upload.x.com",
    "api.x.com",
    "twitter.com",
    "x.com",
    "api.twitter.com",
};

// "http://localhost:8080" -> "localhost".
std::string host_of_origin(std::string_view origin) {
    const auto scheme = origin.find("://");
    std::string_view rest = scheme == std::string_view::npos ? origin : origin.substr(scheme + 3);
    const auto bracket = rest.find(']');
    const auto colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
    return lower_case(rest.substr(0, std::min(colon, rest.size())));
}

bool is_ours(const std::string& host, const std::vector<std::string>& names) {
    return std::ranges::find(usual_names, host) != usual_names.end() ||
           std::ranges::find(names, host) != names.end() || host.starts_with("127.");
}

WallTime wall_time(std::int64_t seconds) {
    return WallTime{std::chrono::seconds{seconds}};
}

}  // namespace

AuthorizationField authorization_of(const http::Request& request) {
    const std::string_view value = trim(request.header("Authorization").value_or(""));
    const auto blank = std::min(value.find(' '), value.size());
    return {value.substr(0, blank), trim(value.substr(blank))};
}

Error malformed_credentials(std::string_view scheme) {
    return {
        .code = ErrorCode::auth_malformed,
        .facts = "The Authorization field has the scheme \"" + printable(scheme, 20) +
                 "\" and no token that can be read; known are Bearer and OAuth.",
    };
}

Identity named_identity(std::string_view token, AuthScheme scheme) {
    return {
        .principal = {"token:" + sha256_hex(token).substr(0, 32)},
        .name = "",
        .scheme = scheme,
    };
}

std::string token_or_consumer(const oauth::Parameters& parameters) {
    std::string token = oauth::value_of(parameters, "oauth_token");
    return token.empty() ? oauth::value_of(parameters, "oauth_consumer_key") : token;
}

Result<Identity> identity_of(
    const AccessKey& key, AuthScheme scheme, bool is_app_only, WallTime now
) {
    if (key.revoked_at) {
        return Error{
            .code = ErrorCode::token_revoked,
            .facts =
                "The key \"" + key.name + "\" is revoked since " + rfc3339(*key.revoked_at) + ".",
        };
    }
    if (key.expires_at && *key.expires_at <= now) {
        return Error{
            .code = ErrorCode::token_expired,
            .facts = "The key \"" + key.name + "\" expired at " + rfc3339(*key.expires_at) +
                     "; it is " + rfc3339(now) + " now.",
        };
    }
    const auto of_an_app = static_cast<unsigned>(Scope::tweet_read | Scope::users_read);
    return Identity{
        .principal = key.principal(),
        .name = key.name,
        .user_id = key.user_id,
        .scopes = is_app_only ? static_cast<Scope>(static_cast<unsigned>(key.scopes) & of_an_app)
                              : key.scopes,
        .scheme = scheme,
        .is_app_only = is_app_only,
    };
}

Result<void> check_timestamp(std::int64_t timestamp, WallTime now) {
    const std::int64_t ours =
        std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    const std::int64_t difference = timestamp - ours;
    if (std::abs(difference) <= oauth_window.count()) {
        return ok();
    }
    std::string facts = "oauth_timestamp is " + std::to_string(timestamp);
    constexpr std::int64_t year_5138 = 100'000'000'000;
    if (timestamp > year_5138) {
        facts += ", which is in milliseconds; it must be in seconds: " +
                 std::to_string(timestamp / 1000);
    } else {
        facts += " (" + rfc3339(wall_time(timestamp)) + "), " +
                 std::to_string(std::abs(difference)) + " seconds " +
                 (difference < 0 ? "behind" : "ahead of") + " the server's clock";
    }
    facts += ". The server's time is " + std::to_string(ours) + " (" + rfc3339(now) + "); up to " +
             std::to_string(oauth_window.count()) + " seconds are accepted.";
    return Error{.code = ErrorCode::oauth_timestamp, .facts = std::move(facts)};
}

Result<void> check_origin(const http::Request& request, const std::vector<std::string>& names) {
    const bool is_read =
        request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS";
    const auto origin = request.header("Origin");
    const bool is_cross_site = request.header("Sec-Fetch-Site").value_or("") == "cross-site";
    if (is_read || (!origin && !is_cross_site)) {
        return ok();
    }
    // A rebound name is the page's own: then Origin and Host agree, and neither is ours.
    const std::string page = host_of_origin(origin.value_or(""));
    const std::string host = host_of_origin(request.header("Host").value_or(""));
    if (origin && is_ours(page, names) && is_ours(host, names)) {
        return ok();
    }
    return Error{
        .code = ErrorCode::host_not_allowed,
        .facts = "A page of \"" + printable(origin.value_or("another site"), 80) +
                 "\" made a browser send " + printable(request.method, 16) + " to \"" +
                 printable(host, 80) +
                 "\". In open mode only pages of this machine may write, and those of "
                 "--server-name.",
    };
}

bool is_urlencoded(const http::Request& request) {
    return lower_case(request.header("Content-Type").value_or(""))
        .starts_with("application/x-www-form-urlencoded");
}

}  // namespace sluice::protocol
