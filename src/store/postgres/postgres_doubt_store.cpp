#include "store/postgres/postgres_doubt_store.hpp"

#include <algorithm>
#include <cstdint>

namespace sluice {

using postgres::Row;
using postgres::Rows;
using postgres::Session;

namespace {

constexpr char add_sql[] =
    "INSERT INTO doubts (upload, is_final, facts, since) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (upload) DO UPDATE SET is_final = 1, facts = excluded.facts, "
    "since = excluded.since WHERE doubts.is_final = 0 AND excluded.is_final = 1";
constexpr char add_open_sql[] =
    "INSERT INTO doubts (upload, is_final, facts, since) SELECT id, 0, $1::text, $2::bigint FROM "
    "uploads "
    "WHERE state = 'open' AND segments_received > 0 ORDER BY id DESC LIMIT $3 ON CONFLICT (upload) "
    "DO NOTHING";
constexpr char count_sql[] = "SELECT count(*) FROM doubts WHERE is_final = 0";
constexpr char finals_sql[] =
    "SELECT upload, facts, since FROM doubts WHERE is_final = 1 ORDER BY upload";
constexpr char unchecked_sql[] =
    "SELECT upload FROM doubts WHERE is_final = 0 ORDER BY upload DESC LIMIT $1";
constexpr char is_unchecked_sql[] = "SELECT 1 FROM doubts WHERE upload = $1 AND is_final = 0";
constexpr char settle_sql[] = "DELETE FROM doubts WHERE upload = $1 AND is_final = 0";
constexpr char settle_all_sql[] = "DELETE FROM doubts WHERE is_final = 0";
constexpr char forget_sql[] = "DELETE FROM doubts WHERE upload = $1";

Result<void> plain(Result<std::int64_t> done) {
    return done ? ok() : Result<void>(std::move(done).error());
}

}  // namespace

Result<void> PostgresDoubtStore::add(const Doubt& doubt) {
    return plain(
        database_->execute(add_sql, doubt.upload.value, doubt.is_final, doubt.facts, doubt.since)
    );
}

Result<std::uint64_t> PostgresDoubtStore::add_open(
    const std::string& facts, WallTime since, std::uint64_t count_max
) {
    const auto limit = std::min(count_max, static_cast<std::uint64_t>(INT64_MAX));
    std::uint64_t in_all = 0;
    auto done = database_->perform([&](Session& session) {
        session.send(add_open_sql, facts, since, limit);
        const Rows rows = session.query(count_sql);
        in_all = rows.empty() ? 0 : rows.front().number(0);
        return ok();
    });
    return done ? Result<std::uint64_t>(in_all) : std::move(done).error();
}

Result<std::vector<Doubt>> PostgresDoubtStore::finals() {
    const auto rows = database_->query(finals_sql);
    if (!rows) {
        return rows.error();
    }
    std::vector<Doubt> finals;
    for (const Row row : *rows) {
        finals.push_back({{row.number(0)}, true, row.text(1), row.time(2)});
    }
    return finals;
}

Result<std::vector<MediaId>> PostgresDoubtStore::unchecked(std::uint32_t count_max) {
    const auto rows = database_->query(unchecked_sql, count_max);
    if (!rows) {
        return rows.error();
    }
    std::vector<MediaId> ids;
    for (const Row row : *rows) {
        ids.push_back({row.number(0)});
    }
    return ids;
}

Result<bool> PostgresDoubtStore::is_unchecked(MediaId id) {
    const auto rows = database_->query(is_unchecked_sql, id.value);
    return rows ? Result<bool>(!rows->empty()) : rows.error();
}

Result<void> PostgresDoubtStore::settle(MediaId id) {
    return plain(database_->execute(settle_sql, id.value));
}

Result<void> PostgresDoubtStore::settle_all() {
    return plain(database_->execute(settle_all_sql));
}

Result<void> PostgresDoubtStore::forget(MediaId id) {
    return plain(database_->execute(forget_sql, id.value));
}

}  // namespace sluice
