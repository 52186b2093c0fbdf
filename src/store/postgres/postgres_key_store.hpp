// PostgresKeyStore: the KeyStore in the database that it shares with the other stores. Other
// processes (`sluice keys`, other servers) may write to it; what they committed is seen at the next
// read. A nonce that one server has seen, all have. Thread-safe, blocking.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "store/key_store.hpp"
#include "store/postgres/postgres_database.hpp"

namespace sluice {

class PostgresKeyStore final : public KeyStore {
  public:
    explicit PostgresKeyStore(std::shared_ptr<PostgresDatabase> database)
        : database_(std::move(database)) {}

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
    Result<void> sweep_nonces(std::int64_t oldest);
    bool is_crowded(KeyId key);

    std::shared_ptr<PostgresDatabase> database_;
    std::atomic<std::uint64_t> nonces_since_sweep_{0};
    std::mutex mutex_;                 // guards
    std::set<std::uint64_t> crowded_;  // keys with too many nonces at the last sweep
};

}  // namespace sluice
