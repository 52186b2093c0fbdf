#include "store/postgres/postgres_key_store.hpp"

namespace sluice {

using postgres::Row;
using postgres::Rows;

namespace {

constexpr std::uint64_t sweep_every = 4096;

#define SLUICE_KEY_COLUMNS                                                            \
    "id, name, user_id, app_name, scopes, created_at, expires_at, revoked_at, "       \
    "bearer_digest, app_bearer_digest, consumer_key, consumer_secret, access_token, " \
    "access_token_secret"

constexpr char insert_sql[] =
    "INSERT INTO keys (" SLUICE_KEY_COLUMNS
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) "
    "ON CONFLICT DO NOTHING";
constexpr char find_sql[] = "SELECT " SLUICE_KEY_COLUMNS " FROM keys WHERE id = $1";
constexpr char find_bearer_sql[] =
    "SELECT " SLUICE_KEY_COLUMNS
    " FROM keys WHERE bearer_digest = $1 "
    "UNION ALL SELECT " SLUICE_KEY_COLUMNS " FROM keys WHERE app_bearer_digest = $1 LIMIT 1";
constexpr char find_consumer_sql[] =
    "SELECT " SLUICE_KEY_COLUMNS " FROM keys WHERE consumer_key = $1";
constexpr char list_sql[] = "SELECT " SLUICE_KEY_COLUMNS " FROM keys ORDER BY id DESC";
constexpr char revoke_sql[] = "UPDATE keys SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1";
constexpr char replace_sql[] =
    "UPDATE keys SET bearer_digest = $2, app_bearer_digest = $3, consumer_key = $4, "
    "consumer_secret = $5, access_token = $6, access_token_secret = $7 WHERE id = $1";

#undef SLUICE_KEY_COLUMNS

constexpr char use_nonce_sql[] =
    "INSERT INTO nonces (key, timestamp, digest) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
constexpr char forget_nonces_sql[] = "DELETE FROM nonces WHERE timestamp < $1";
constexpr char crowded_sql[] = "SELECT key FROM nonces GROUP BY key HAVING count(*) >= $1";
constexpr char forget_sessions_sql[] = "DELETE FROM ended_sessions WHERE until < $1";
constexpr char end_session_sql[] =
    "INSERT INTO ended_sessions (mark, until) VALUES ($1, $2) ON CONFLICT DO NOTHING";
constexpr char ended_session_sql[] = "SELECT 1 FROM ended_sessions WHERE mark = $1";

StoredKey read_key(const Row& row) {
    return {
        .key =
            {.id = {row.number(0)},
             .name = row.text(1),
             .user_id = row.number(2),
             .app_name = row.text(3),
             .scopes = static_cast<Scope>(row.integer(4)),
             .created_at = row.time(5),
             .expires_at = row.optional_time(6),
             .revoked_at = row.optional_time(7)},
        .credentials =
            {.bearer_digest = row.text(8),
             .app_bearer_digest = row.text(9),
             .consumer_key = row.text(10),
             .consumer_secret = row.text(11),
             .access_token = row.text(12),
             .access_token_secret = row.text(13)},
    };
}

Result<StoredKey> one(const Result<Rows>& rows) {
    if (!rows || rows->empty()) {
        return rows ? Error{.code = ErrorCode::store_not_found} : rows.error();
    }
    return read_key(rows->front());
}

// One row must have changed.
Result<void> changed(const Result<std::int64_t>& rows, ErrorCode if_none) {
    if (!rows) {
        return rows.error();
    }
    return *rows == 1 ? ok() : Result<void>(Error{.code = if_none});
}

}  // namespace

Result<void> PostgresKeyStore::create(const StoredKey& stored_key) {
    const AccessKey& key = stored_key.key;
    const StoredCredentials& credentials = stored_key.credentials;
    const auto rows = database_->execute(
        insert_sql,
        key.id.value,
        key.name,
        key.user_id,
        key.app_name,
        static_cast<std::int64_t>(key.scopes),
        key.created_at,
        key.expires_at,
        key.revoked_at,
        credentials.bearer_digest,
        credentials.app_bearer_digest,
        credentials.consumer_key,
        credentials.consumer_secret,
        credentials.access_token,
        credentials.access_token_secret
    );
    return changed(rows, ErrorCode::store_conflict);
}

Result<StoredKey> PostgresKeyStore::find(KeyId id) {
    return one(database_->query(find_sql, id.value));
}

Result<StoredKey> PostgresKeyStore::find_by_bearer(const std::string& digest) {
    return one(database_->query(find_bearer_sql, digest));
}

Result<StoredKey> PostgresKeyStore::find_by_consumer(const std::string& consumer_key) {
    return one(database_->query(find_consumer_sql, consumer_key));
}

Result<std::vector<AccessKey>> PostgresKeyStore::list() {
    const auto rows = database_->query(list_sql);
    if (!rows) {
        return rows.error();
    }
    std::vector<AccessKey> keys;
    for (const Row row : *rows) {
        keys.push_back(read_key(row).key);
    }
    return keys;
}

Result<void> PostgresKeyStore::revoke(KeyId id, WallTime at) {
    return changed(database_->execute(revoke_sql, id.value, at), ErrorCode::store_not_found);
}

Result<void> PostgresKeyStore::replace_credentials(KeyId id, const StoredCredentials& by) {
    const auto rows = database_->execute(
        replace_sql,
        id.value,
        by.bearer_digest,
        by.app_bearer_digest,
        by.consumer_key,
        by.consumer_secret,
        by.access_token,
        by.access_token_secret
    );
    return changed(rows, ErrorCode::store_not_found);
}

bool PostgresKeyStore::is_crowded(KeyId key) {
    const std::scoped_lock lock(mutex_);
    return crowded_.contains(key.value);
}

Result<NonceVerdict> PostgresKeyStore::use_nonce(const UsedNonce& nonce, std::int64_t oldest) {
    // Now and then, so that a request pays for it only on average; at the first one after a start
    // too.
    if (nonces_since_sweep_++ % sweep_every == 0) {
        if (auto swept = sweep_nonces(oldest); !swept) {
            return std::move(swept).error();
        }
    }
    if (is_crowded(nonce.key)) {
        return NonceVerdict::too_many;
    }
    std::int64_t rows = 0;
    const auto work = [&](postgres::Session& session) -> Result<void> {
        rows = session.execute(use_nonce_sql, nonce.key.value, nonce.timestamp, nonce.digest);
        return ok();
    };
    auto done = database_->perform(work, PostgresDatabase::Survives::kill);
    if (!done) {
        return std::move(done).error();
    }
    return rows == 1 ? NonceVerdict::fresh : NonceVerdict::seen;
}

Result<void> PostgresKeyStore::sweep_nonces(std::int64_t oldest) {
    if (auto forgotten = database_->execute(forget_nonces_sql, oldest); !forgotten) {
        return std::move(forgotten).error();
    }
    const auto rows = database_->query(crowded_sql, nonces_per_key_max);
    if (!rows) {
        return rows.error();
    }
    const std::scoped_lock lock(mutex_);
    crowded_.clear();
    for (const Row row : *rows) {
        crowded_.insert(row.number(0));
    }
    return ok();
}

Result<void> PostgresKeyStore::end_session(const std::string& mark, WallTime until, WallTime now) {
    return database_->perform([&](postgres::Session& session) -> Result<void> {
        session.send(forget_sessions_sql, now);
        session.send(end_session_sql, mark, until);
        return ok();
    });
}

Result<bool> PostgresKeyStore::is_session_ended(const std::string& mark) {
    const auto rows = database_->query(ended_session_sql, mark);
    return rows ? Result<bool>(!rows->empty()) : rows.error();
}

}  // namespace sluice
