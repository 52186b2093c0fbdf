// KeyStore: where keys are written down, which OAuth 1.0a nonces were seen, and which sessions of the
// console were ended. Bearer tokens come
// and stay as digests, OAuth 1.0a secrets sealed: this seam never sees a credential in clear. Plain
// blocking calls from any thread; a changing call is durable when it returns, but for nonces, which
// survive a kill only. Engines: sqlite/, memory/ (tests); both pass store/key_store_suite.
//
// Errors: store_not_found, store_conflict (an id or a credential is taken), storage_full,
// storage_failed.
#pragma once

#include <string>
#include <vector>

#include "core/access_key.hpp"

namespace sluice {

// What a key is recognised by, as it is stored.
struct StoredCredentials {
    std::string bearer_digest;      // SHA-256, hexadecimal
    std::string app_bearer_digest;  // the same for the app-only token
    std::string consumer_key;
    std::string consumer_secret;  // sealed
    std::string access_token;
    std::string access_token_secret;  // sealed
    bool operator==(const StoredCredentials&) const = default;
};

struct StoredKey {
    AccessKey key;
    StoredCredentials credentials;
    bool operator==(const StoredKey&) const = default;
};

// An oauth_nonce as used with one key and timestamp.
struct UsedNonce {
    KeyId key;
    std::int64_t timestamp = 0;  // oauth_timestamp: seconds
    std::string digest;          // of the nonce, which may have any length
};

enum class NonceVerdict : std::uint8_t { fresh, seen, too_many };

// Nonces of one key that are kept at a time; more are refused (too_many). Counted now and then, so
// that a key may have some thousands more.
inline constexpr std::uint64_t nonces_per_key_max = 1'000'000;

class KeyStore {
  public:
    virtual ~KeyStore() = default;

    virtual Result<void> create(const StoredKey& key) = 0;
    virtual Result<StoredKey> find(KeyId id) = 0;
    // Either digest; compare which.
    virtual Result<StoredKey> find_by_bearer(const std::string& digest) = 0;
    virtual Result<StoredKey> find_by_consumer(const std::string& consumer_key) = 0;
    // Newest first.
    virtual Result<std::vector<AccessKey>> list() = 0;
    // Again: the first time stays.
    virtual Result<void> revoke(KeyId id, WallTime at) = 0;
    // New credentials for the same key; the old ones are gone.
    virtual Result<void> replace_credentials(KeyId id, const StoredCredentials& by) = 0;

    // Remembers the nonce if it was not seen. Forgets those with a timestamp before `oldest`.
    virtual Result<NonceVerdict> use_nonce(const UsedNonce& nonce, std::int64_t oldest) = 0;

    // A session of the console, by its mark, is ended for all who have this store. It is remembered
    // until `until`, when the session would have ended by itself.
    virtual Result<void> end_session(const std::string& mark, WallTime until, WallTime now) = 0;
    virtual Result<bool> is_session_ended(const std::string& mark) = 0;
};

}  // namespace sluice
