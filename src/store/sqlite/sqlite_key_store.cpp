#include "store/sqlite/sqlite_key_store.hpp"

#include <string_view>

#include "store/sqlite/reader_pool.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/write_queue.hpp"

namespace sluice {

using sqlite::Connection;
using sqlite::Statement;
using sqlite::stored;
using sqlite::time_from;

namespace {

constexpr std::uint64_t sweep_every = 4096;

#define SLUICE_KEY_COLUMNS                                                            \
    "id, name, user_id, app_name, scopes, created_at, expires_at, revoked_at, "       \
    "bearer_digest, app_bearer_digest, consumer_key, consumer_secret, access_token, " \
    "access_token_secret"

constexpr char insert_sql[] =
    "INSERT INTO keys (" SLUICE_KEY_COLUMNS
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) "
    "ON CONFLICT DO NOTHING";
constexpr char find_sql[] = "SELECT " SLUICE_KEY_COLUMNS " FROM keys WHERE id = ?1";
constexpr char find_bearer_sql[] =
    "SELECT " SLUICE_KEY_COLUMNS
    " FROM keys WHERE bearer_digest = ?1 "
    "UNION ALL SELECT " SLUICE_KEY_COLUMNS " FROM keys WHERE app_bearer_digest = ?1 LIMIT 1";
constexpr char find_consumer_sql[] =
    "SELECT " SLUICE_KEY_COLUMNS " FROM keys WHERE consumer_key = ?1";
constexpr char list_sql[] = "SELECT " SLUICE_KEY_COLUMNS " FROM keys ORDER BY id DESC";
constexpr char revoke_sql[] = "UPDATE keys SET revoked_at = coalesce(revoked_at, ?2) WHERE id = ?1";
constexpr char replace_sql[] =
    "UPDATE keys SET bearer_digest = ?2, app_bearer_digest = ?3, consumer_key = ?4, "
    "consumer_secret = ?5, access_token = ?6, access_token_secret = ?7 WHERE id = ?1";

#undef SLUICE_KEY_COLUMNS

constexpr char use_nonce_sql[] =
    "INSERT INTO nonces (key, timestamp, digest) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
constexpr char forget_nonces_sql[] = "DELETE FROM nonces WHERE timestamp < ?1";
constexpr char crowded_sql[] = "SELECT key FROM nonces GROUP BY key HAVING count(*) >= ?1";
constexpr char forget_sessions_sql[] = "DELETE FROM ended_sessions WHERE until < ?1";
constexpr char end_session_sql[] =
    "INSERT INTO ended_sessions (mark, until) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
constexpr char ended_session_sql[] = "SELECT 1 FROM ended_sessions WHERE mark = ?1";

std::string_view view(const std::string& text) {
    return text;
}

std::optional<std::int64_t> stored(const std::optional<WallTime>& time) {
    return time ? std::optional(sqlite::stored(*time)) : std::nullopt;
}

std::optional<WallTime> optional_time(const Statement& row, int column) {
    const auto time = row.optional_integer(column);
    return time ? std::optional(time_from(*time)) : std::nullopt;
}

StoredKey read_key(const Statement& row) {
    return {
        .key =
            {.id = {static_cast<std::uint64_t>(row.integer(0))},
             .name = row.text(1),
             .user_id = static_cast<std::uint64_t>(row.integer(2)),
             .app_name = row.text(3),
             .scopes = static_cast<Scope>(row.integer(4)),
             .created_at = time_from(row.integer(5)),
             .expires_at = optional_time(row, 6),
             .revoked_at = optional_time(row, 7)},
        .credentials =
            {.bearer_digest = row.text(8),
             .app_bearer_digest = row.text(9),
             .consumer_key = row.text(10),
             .consumer_secret = row.text(11),
             .access_token = row.text(12),
             .access_token_secret = row.text(13)},
    };
}

Result<StoredKey> one(Result<Statement> row) {
    if (!row) {
        return std::move(row).error();
    }
    auto is_there = row->step();
    if (!is_there) {
        return std::move(is_there).error();
    }
    return *is_there ? Result<StoredKey>(read_key(*row))
                     : Error{.code = ErrorCode::store_not_found};
}

// One row must have changed.
Result<void> changed(const Result<std::int64_t>& rows, ErrorCode if_none) {
    if (!rows) {
        return rows.error();
    }
    return *rows == 1 ? ok() : Result<void>(Error{.code = if_none});
}

Result<void> insert(Connection& connection, const StoredKey& stored_key) {
    const AccessKey& key = stored_key.key;
    const StoredCredentials& credentials = stored_key.credentials;
    const auto rows = connection.execute(
        insert_sql,
        sqlite::stored(key.id.value),
        view(key.name),
        sqlite::stored(key.user_id),
        view(key.app_name),
        static_cast<std::int64_t>(key.scopes),
        sqlite::stored(key.created_at),
        stored(key.expires_at),
        stored(key.revoked_at),
        view(credentials.bearer_digest),
        view(credentials.app_bearer_digest),
        view(credentials.consumer_key),
        view(credentials.consumer_secret),
        view(credentials.access_token),
        view(credentials.access_token_secret)
    );
    return changed(rows, ErrorCode::store_conflict);
}

Result<void> replace(Connection& connection, KeyId id, const StoredCredentials& by) {
    const auto rows = connection.execute(
        replace_sql,
        sqlite::stored(id.value),
        view(by.bearer_digest),
        view(by.app_bearer_digest),
        view(by.consumer_key),
        view(by.consumer_secret),
        view(by.access_token),
        view(by.access_token_secret)
    );
    return changed(rows, ErrorCode::store_not_found);
}

}  // namespace

Result<void> SqliteKeyStore::create(const StoredKey& key) {
    return database_->writer().perform(
        [&key](Connection& connection) { return insert(connection, key); },
        sqlite::Survives::power_loss
    );
}

Result<StoredKey> SqliteKeyStore::find(KeyId id) {
    const auto reader = database_->readers().borrow();
    return one((*reader).query(find_sql, sqlite::stored(id.value)));
}

Result<StoredKey> SqliteKeyStore::find_by_bearer(const std::string& digest) {
    const auto reader = database_->readers().borrow();
    return one((*reader).query(find_bearer_sql, view(digest)));
}

Result<StoredKey> SqliteKeyStore::find_by_consumer(const std::string& consumer_key) {
    const auto reader = database_->readers().borrow();
    return one((*reader).query(find_consumer_sql, view(consumer_key)));
}

Result<std::vector<AccessKey>> SqliteKeyStore::list() {
    const auto reader = database_->readers().borrow();
    auto row = (*reader).query(list_sql);
    if (!row) {
        return std::move(row).error();
    }
    std::vector<AccessKey> keys;
    for (;;) {
        auto is_there = row->step();
        if (!is_there) {
            return std::move(is_there).error();
        }
        if (!*is_there) {
            return keys;
        }
        keys.push_back(read_key(*row).key);
    }
}

Result<void> SqliteKeyStore::revoke(KeyId id, WallTime at) {
    return database_->writer().perform(
        [id, at](Connection& connection) {
            return changed(
                connection.execute(revoke_sql, sqlite::stored(id.value), sqlite::stored(at)),
                ErrorCode::store_not_found
            );
        },
        sqlite::Survives::power_loss
    );
}

Result<void> SqliteKeyStore::replace_credentials(KeyId id, const StoredCredentials& by) {
    return database_->writer().perform(
        [id, &by](Connection& connection) { return replace(connection, id, by); },
        sqlite::Survives::power_loss
    );
}

Result<NonceVerdict> SqliteKeyStore::use_nonce(const UsedNonce& nonce, std::int64_t oldest) {
    auto verdict = NonceVerdict::fresh;
    const auto work = [&](Connection& connection) -> Result<void> {
        if (auto swept = sweep_nonces(connection, oldest); !swept) {
            return swept;
        }
        if (crowded_.contains(sqlite::stored(nonce.key.value))) {
            verdict = NonceVerdict::too_many;
            return ok();
        }
        const auto rows = connection.execute(
            use_nonce_sql, sqlite::stored(nonce.key.value), nonce.timestamp, view(nonce.digest)
        );
        if (!rows) {
            return rows.error();
        }
        verdict = *rows == 1 ? NonceVerdict::fresh : NonceVerdict::seen;
        return ok();
    };
    auto done = database_->writer().perform(work, sqlite::Survives::kill);
    return done ? Result<NonceVerdict>(verdict) : std::move(done).error();
}

// Now and then, so that a request pays for it only on average; at the first one after a start too.
Result<void> SqliteKeyStore::sweep_nonces(Connection& connection, std::int64_t oldest) {
    if (nonces_since_sweep_++ % sweep_every != 0) {
        return ok();
    }
    if (auto forgotten = connection.execute(forget_nonces_sql, oldest); !forgotten) {
        return std::move(forgotten).error();
    }
    crowded_.clear();
    auto row = connection.query(crowded_sql, sqlite::stored(nonces_per_key_max));
    if (!row) {
        return std::move(row).error();
    }
    auto is_there = row->step();
    while (is_there && *is_there) {
        crowded_.insert(row->integer(0));
        is_there = row->step();
    }
    return is_there ? ok() : Result<void>(std::move(is_there).error());
}

Result<void> SqliteKeyStore::end_session(const std::string& mark, WallTime until, WallTime now) {
    return database_->writer().perform(
        [&](Connection& connection) -> Result<void> {
            auto forgotten = connection.execute(forget_sessions_sql, sqlite::stored(now));
            if (!forgotten) {
                return std::move(forgotten).error();
            }
            auto ended = connection.execute(end_session_sql, view(mark), sqlite::stored(until));
            return ended ? ok() : Result<void>(std::move(ended).error());
        },
        sqlite::Survives::power_loss
    );
}

Result<bool> SqliteKeyStore::is_session_ended(const std::string& mark) {
    const auto reader = database_->readers().borrow();
    auto row = (*reader).query(ended_session_sql, view(mark));
    return row ? row->step() : Result<bool>(std::move(row).error());
}

}  // namespace sluice
