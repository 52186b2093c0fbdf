// Whoever a request speaks for. Every upload belongs to one principal; another's upload does not
// exist for you. Values.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace sluice {

struct Principal {
    std::string id;  // "anonymous", "token:" and a digest, or "user:" and a number: never the
                     // credential itself
    auto operator<=>(const Principal&) const = default;
};

// What credentials may be used for, as a set of bits (X's OAuth 2.0 scopes, and our own for
// operators).
enum class Scope : std::uint8_t {
    none = 0,
    media_write = 1 << 0,
    tweet_read = 1 << 1,
    tweet_write = 1 << 2,
    users_read = 1 << 3,
    dm_read = 1 << 4,
    dm_write = 1 << 5,
    offline_access = 1 << 6,
    admin = 1 << 7,  // keys, requests of everybody, faults
    all = (1 << 8) - 1,
};
constexpr Scope operator|(Scope left, Scope right) {
    return static_cast<Scope>(static_cast<unsigned>(left) | static_cast<unsigned>(right));
}
constexpr bool has_scope(Scope granted, Scope needed) {
    return (static_cast<unsigned>(granted) & static_cast<unsigned>(needed)) ==
           static_cast<unsigned>(needed);
}

enum class AuthScheme : std::uint8_t { none, bearer, oauth1 };

// Who asks, and how that is known.
struct Identity {
    Principal principal;
    std::string name;           // of the key, for people; empty in open mode
    std::uint64_t user_id = 0;  // X's number of the user; 0 in open mode
    Scope scopes = Scope::all;
    AuthScheme scheme = AuthScheme::none;
    bool is_app_only = false;  // speaks for an application and for no user: may look, not write
};

}  // namespace sluice
