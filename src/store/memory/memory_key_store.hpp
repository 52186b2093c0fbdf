// MemoryKeyStore: the KeyStore without a disk, for tests. One mutex around everything.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <tuple>

#include "store/key_store.hpp"

namespace sluice {

class MemoryKeyStore final : public KeyStore {
  public:
    Result<void> create(const StoredKey& key) override;
    Result<StoredKey> find(KeyId id) override;
    Result<StoredKey> find_by_bearer(const std::string& digest) override;
    Result<StoredKey> find_by_consumer(const std::string& consumer_key) override;
    Result<std::vector<AccessKey>> list() override;
    Result<void> revoke(KeyId id, WallTime at) override;
    Result<void> replace_credentials(KeyId id, const StoredCredentials& by) override;
    Result<NonceVerdict> use_nonce(const UsedNonce& nonce, std::int64_t oldest) override;
    Result<void> end_session(const std::string& mark, WallTime until, WallTime now) override;
    Result<bool> is_session_ended(const std::string& mark) override;

  private:
    template <class Matches>
    Result<StoredKey> first(Matches matches);

    std::mutex mutex_;  // guards all below
    std::map<KeyId, StoredKey> keys_;
    std::set<std::tuple<KeyId, std::int64_t, std::string>> nonces_;
    std::map<std::string, WallTime> ended_sessions_;  // until when each is remembered
};

}  // namespace sluice
