#include "store/memory/memory_key_store.hpp"

#include <algorithm>
#include <ranges>

namespace sluice {
namespace {

Error not_found() {
    return {.code = ErrorCode::store_not_found};
}

bool collide(const StoredCredentials& left, const StoredCredentials& right) {
    return left.bearer_digest == right.bearer_digest ||
           left.app_bearer_digest == right.app_bearer_digest ||
           left.consumer_key == right.consumer_key || left.access_token == right.access_token;
}

}  // namespace

Result<void> MemoryKeyStore::create(const StoredKey& key) {
    const std::scoped_lock lock(mutex_);
    const bool is_taken = std::ranges::any_of(keys_ | std::views::values, [&](const auto& other) {
        return collide(other.credentials, key.credentials);
    });
    if (is_taken || !keys_.try_emplace(key.key.id, key).second) {
        return Error{.code = ErrorCode::store_conflict};
    }
    return ok();
}

template <class Matches>
Result<StoredKey> MemoryKeyStore::first(Matches matches) {
    const std::scoped_lock lock(mutex_);
    for (const StoredKey& key : keys_ | std::views::values) {
        if (matches(key)) {
            return key;
        }
    }
    return not_found();
}

Result<StoredKey> MemoryKeyStore::find(KeyId id) {
    return first([id](const StoredKey& key) { return key.key.id == id; });
}

Result<StoredKey> MemoryKeyStore::find_by_bearer(const std::string& digest) {
    return first([&](const StoredKey& key) {
        return key.credentials.bearer_digest == digest ||
               key.credentials.app_bearer_digest == digest;
    });
}

Result<StoredKey> MemoryKeyStore::find_by_consumer(const std::string& consumer_key) {
    return first([&](const StoredKey& key) { return key.credentials.consumer_key == consumer_key; }
    );
}

Result<std::vector<AccessKey>> MemoryKeyStore::list() {
    const std::scoped_lock lock(mutex_);
    std::vector<AccessKey> keys;
    for (const StoredKey& key : keys_ | std::views::values | std::views::reverse) {
        keys.push_back(key.key);
    }
    return keys;
}

Result<void> MemoryKeyStore::revoke(KeyId id, WallTime at) {
    const std::scoped_lock lock(mutex_);
    const auto found = keys_.find(id);
    if (found == keys_.end()) {
        return not_found();
    }
    auto& revoked_at = found->second.key.revoked_at;
    revoked_at = revoked_at.value_or(at);
    return ok();
}

Result<void> MemoryKeyStore::replace_credentials(KeyId id, const StoredCredentials& by) {
    const std::scoped_lock lock(mutex_);
    const auto found = keys_.find(id);
    if (found == keys_.end()) {
        return not_found();
    }
    found->second.credentials = by;
    return ok();
}

Result<NonceVerdict> MemoryKeyStore::use_nonce(const UsedNonce& nonce, std::int64_t oldest) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(nonces_, [oldest](const auto& used) { return std::get<1>(used) < oldest; });
    const bool is_fresh = nonces_.emplace(nonce.key, nonce.timestamp, nonce.digest).second;
    return is_fresh ? NonceVerdict::fresh : NonceVerdict::seen;
}

Result<void> MemoryKeyStore::end_session(const std::string& mark, WallTime until, WallTime now) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(ended_sessions_, [now](const auto& ended) { return ended.second < now; });
    ended_sessions_[mark] = until;
    return ok();
}

Result<bool> MemoryKeyStore::is_session_ended(const std::string& mark) {
    const std::scoped_lock lock(mutex_);
    return ended_sessions_.contains(mark);
}

}  // namespace sluice
