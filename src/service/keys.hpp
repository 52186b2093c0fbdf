// The use cases of keys: an operator makes, lists, revokes and renews them; requests are recognised
// by them. Plain blocking code for any thread; the cached_… calls do not block. Credentials are in
// clear only in IssuedKey, once, and in KnownKey, in memory.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/secret_box.hpp"
#include "core/access_key.hpp"
#include "store/key_store.hpp"

namespace sluice {

struct NewKey {
    std::string name;
    std::string app_name;
    Scope scopes = usual_scopes;
    std::uint64_t user_id = 0;                                    // 0: a new user
    std::optional<std::chrono::seconds> lifetime = std::nullopt;  // nothing: without end
};

// A key with its credentials, told once.
struct IssuedKey {
    AccessKey key;
    std::string bearer_token;
    std::string app_bearer_token;
    std::string consumer_key;
    std::string consumer_secret;
    std::string access_token;
    std::string access_token_secret;
};

// A key that a request named, with what is needed to check a signature.
struct KnownKey {
    AccessKey key;
    std::string app_bearer_digest;
    std::string access_token;
    std::string consumer_secret;
    std::string access_token_secret;
};
using KnownKeyPtr = std::shared_ptr<const KnownKey>;  // shared: the cache may drop it meanwhile

class Keys {
  public:
    Keys(KeyStore& store, SecretBox box, const Clock& clock, IdSource& ids);

    // Once, before the first create(): ids of new keys are higher than those that are stored.
    Result<void> begin();
    // Errors: parameter_invalid (an empty or overlong name).
    Result<IssuedKey> create(const NewKey& wanted);
    Result<std::vector<AccessKey>> list();
    // Errors of both: key_unknown. Revoking again changes nothing.
    Result<AccessKey> revoke(KeyId id);
    // New credentials; the old ones end at once.
    Result<IssuedKey> rotate(KeyId id);

    // What `bearer_digest` or an oauth_consumer_key belongs to, also if it is revoked or expired;
    // nullptr if to nobody. Known for up to cache_time after another process changed it.
    std::optional<KnownKeyPtr> cached_bearer(const std::string& digest);
    Result<KnownKeyPtr> find_bearer(const std::string& digest);
    // For what may go on while the database is away: the key as this process knew it within the last late_time; nullptr if it did not.
    KnownKeyPtr known_of_late(const std::string& digest);
    std::optional<KnownKeyPtr> cached_consumer(const std::string& consumer_key);
    Result<KnownKeyPtr> find_consumer(const std::string& consumer_key);

    Result<NonceVerdict> use_nonce(const UsedNonce& nonce, std::int64_t oldest) {
        return store_.use_nonce(nonce, oldest);
    }
    // Sessions of the console, by their marks; blocking.
    Result<void> end_session(const std::string& mark, WallTime until) {
        return store_.end_session(mark, until, clock_.now());
    }
    Result<bool> is_session_ended(const std::string& mark) { return store_.is_session_ended(mark); }
    WallTime now() const { return clock_.now(); }

    static constexpr std::chrono::seconds cache_time{2};
    static constexpr std::chrono::hours late_time{1};
    static constexpr std::size_t cached_max = 10'000;

  private:
    struct Cached {
        KnownKeyPtr key;
        WallTime until;
    };
    using Found = Result<StoredKey>;

    IssuedKey issue(AccessKey key) const;
    StoredKey sealed(const IssuedKey& issued) const;
    Result<KnownKeyPtr> opened(const StoredKey& stored) const;
    Result<KnownKeyPtr> remember(const std::string& handle, const Found& found);
    std::optional<KnownKeyPtr> cached(const std::string& handle);
    void forget_all();

    KeyStore& store_;
    const SecretBox box_;
    const Clock& clock_;
    IdSource& ids_;
    std::mutex mutex_;  // guards the cache
    std::unordered_map<std::string, Cached> cache_;
};

}  // namespace sluice
