// A key: what an operator gave to an application, so that it may act for one user. It has several
// credentials (a bearer token, an app-only bearer token, OAuth 1.0a keys and secrets), all ended
// together. Values; the credentials themselves are not in here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "core/principal.hpp"

namespace sluice {

struct KeyId {
    std::uint64_t value = 0;
    constexpr auto operator<=>(const KeyId&) const = default;
    std::string text() const { return std::to_string(value); }
};

struct AccessKey {
    KeyId id;
    std::string name;           // for people
    std::uint64_t user_id = 0;  // X's number of the user; several keys may act for one
    std::string app_name;
    Scope scopes = Scope::none;
    WallTime created_at;
    std::optional<WallTime> expires_at = std::nullopt;
    std::optional<WallTime> revoked_at = std::nullopt;

    Principal principal() const { return {"user:" + std::to_string(user_id)}; }
    bool operator==(const AccessKey&) const = default;
};

// All but admin.
inline constexpr Scope usual_scopes = Scope::media_write | Scope::tweet_read | Scope::tweet_write |
                                      Scope::users_read | Scope::dm_read | Scope::dm_write |
                                      Scope::offline_access;

// "media.write" …, in a fixed order.
std::vector<std::string_view> names_of(Scope scopes);
// "media.write, tweet.read"; "none".
std::string listed(Scope scopes);
// Names separated by commas or blanks. Errors: parameter_invalid, with the names that exist.
Result<Scope> parse_scopes(std::string_view text);

}  // namespace sluice
