// SqliteKeyStore: the KeyStore in the database that it shares with the other stores. A second
// process (`sluice keys`) may write the same file; what it committed is seen at the next read.
#pragma once

#include <memory>
#include <set>
#include <utility>

#include "store/key_store.hpp"
#include "store/sqlite/sqlite_database.hpp"

namespace sluice {

class SqliteKeyStore final : public KeyStore {
  public:
    explicit SqliteKeyStore(std::shared_ptr<SqliteDatabase> database)
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
    Result<void> sweep_nonces(sqlite::Connection& connection, std::int64_t oldest);

    std::shared_ptr<SqliteDatabase> database_;
    // The writer's thread alone.
    std::uint64_t nonces_since_sweep_ = 0;
    std::set<std::int64_t> crowded_;  // keys with too many nonces at the last sweep
};

}  // namespace sluice
