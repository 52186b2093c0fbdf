#include "protocol/common/identities.hpp"

#include <algorithm>
#include <array>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace sluice::protocol {
namespace {

WallTime wall_time(std::int64_t seconds) {
    return WallTime{std::chrono::seconds{seconds}};
}

// In open mode nothing is signed, so only small forms are looked into for a name.
constexpr std::uint64_t open_form_bytes_max = 16 * 1024;

// The body of what has one of these is the bytes of a file, whatever type it is said to have: curl calls
// whatever it sends a form.
constexpr std::array<std::string_view, 4> stream_fields{
    "Upload-Complete", "Upload-Incomplete", "Upload-Offset", "Tus-Resumable"
};

// By which the console acts for whoever an upload belongs to.
constexpr std::string_view owner_field = "Sluice-Owner";
constexpr std::size_t principal_length_max = 80;

bool is_principal(std::string_view text) {
    const auto is_allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == ':';
    };
    return !text.empty() && text.size() <= principal_length_max &&
           std::ranges::all_of(text, is_allowed);
}

Identity named_or_anonymous(const std::string& token) {
    return token.empty() ? Identity{.principal = {"anonymous"}}
                         : named_identity(token, AuthScheme::oauth1);
}

bool may_have_name_in_form(const http::Request& request) {
    const auto length = request.content_length.value_or(0);
    return length > 0 && length <= open_form_bytes_max && may_have_credentials_in_form(request);
}

// A name that OAuth 1.0a knows, or one that is encoded.
bool may_name_token(std::string_view form) {
    while (!form.empty()) {
        const std::string_view field = form.substr(0, form.find('&'));
        const std::string_view name = field.substr(0, field.find('='));
        if (name.starts_with("oauth_") || name.find_first_of("%+") != std::string_view::npos) {
            return true;
        }
        form.remove_prefix(std::min(field.size() + 1, form.size()));
    }
    return false;
}

}  // namespace

AuthorizationField authorization_of(const http::Request& request) {
    const std::string_view value = trim(request.header("Authorization").value_or(""));
    const auto blank = std::min(value.find(' '), value.size());
    return {value.substr(0, blank), trim(value.substr(blank))};
}

std::optional<Principal> named_owner(const http::Request& request) {
    const auto owner = request.header(owner_field);
    return owner && is_principal(*owner) ? std::optional(Principal{std::string(*owner)})
                                         : std::nullopt;
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

std::optional<Result<Identity>> identity_in_head(const http::Request& request) {
    const auto [scheme, rest] = authorization_of(request);
    if (equals_ignoring_case(scheme, "OAuth")) {
        const auto parameters = oauth::parse_oauth_header(rest);
        if (!parameters) {
            return parameters.error();
        }
        const std::string token = token_or_consumer(*parameters);
        return token.empty() ? Result<Identity>(malformed_credentials(scheme))
                             : named_identity(token, AuthScheme::oauth1);
    }
    if (!scheme.empty()) {
        return rest.empty() ? Result<Identity>(malformed_credentials(scheme))
                            : named_identity(rest, AuthScheme::bearer);
    }
    if (auto owner = named_owner(request)) {
        return Identity{.principal = *std::move(owner)};
    }
    std::string token = oauth::may_have_oauth_fields(request.raw_query)
                            ? token_or_consumer(oauth::parse_urlencoded(request.raw_query))
                            : std::string();
    if (token.empty() && may_have_name_in_form(request)) {
        return std::nullopt;
    }
    return named_or_anonymous(token);
}

Identity identity_in_form(std::string_view form) {
    if (!may_name_token(form)) {
        return named_or_anonymous({});
    }
    return named_or_anonymous(token_or_consumer(oauth::parse_urlencoded(form)));
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

bool may_have_credentials_in_form(const http::Request& request) {
    const bool is_of_a_file = std::ranges::any_of(stream_fields, [&](std::string_view name) {
        return request.header(name).has_value();
    });
    return !is_of_a_file && is_urlencoded(request);
}

bool is_urlencoded(const http::Request& request) {
    return lower_case(request.header("Content-Type").value_or(""))
        .starts_with("application/x-www-form-urlencoded");
}

}  // namespace sluice::protocol
