#include "store/sqlite/sqlite_doubt_store.hpp"

#include <algorithm>
#include <cstdint>

#include "store/sqlite/reader_pool.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/write_queue.hpp"

namespace sluice {

using sqlite::Connection;
using sqlite::Statement;
using sqlite::stored;
using sqlite::Survives;

namespace {

constexpr char add_sql[] =
    "INSERT INTO doubts (upload, is_final, facts, since) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT (upload) DO UPDATE SET is_final = 1, facts = excluded.facts, "
    "since = excluded.since WHERE is_final = 0 AND excluded.is_final = 1";
// A start after a power loss waits for these, with a million open ones. All: rising, since rows are put behind each other
// ten times faster than before each other. The newest: which are open the index alone tells, and few rows are looked up.
constexpr char add_open_sql[] =
    "INSERT INTO doubts (upload, is_final, facts, since) SELECT id, 0, ?1, ?2 "
    "FROM uploads INDEXED BY uploads_open_of_owner WHERE state = 'open' AND segments_received > 0 "
    "ORDER BY id ON CONFLICT (upload) DO NOTHING";
constexpr char add_newest_sql[] =
    "INSERT INTO doubts (upload, is_final, facts, since) SELECT id, 0, ?1, ?2 "
    "FROM uploads WHERE segments_received > 0 AND id IN (SELECT id FROM uploads "
    "INDEXED BY uploads_open_of_owner WHERE state = 'open' ORDER BY id DESC LIMIT ?4) "
    "ORDER BY id DESC LIMIT ?3 ON CONFLICT (upload) DO NOTHING";
constexpr char open_sql[] =
    "SELECT count(*) FROM uploads INDEXED BY uploads_open_of_owner WHERE state = 'open'";
constexpr char count_sql[] = "SELECT count(*) FROM doubts WHERE is_final = 0";
constexpr char finals_sql[] =
    "SELECT upload, facts, since FROM doubts WHERE is_final = 1 ORDER BY upload";
constexpr char unchecked_sql[] =
    "SELECT upload FROM doubts WHERE is_final = 0 ORDER BY upload DESC LIMIT ?1";
constexpr char is_unchecked_sql[] = "SELECT 1 FROM doubts WHERE upload = ?1 AND is_final = 0";
constexpr char settle_sql[] = "DELETE FROM doubts WHERE upload = ?1 AND is_final = 0";
constexpr char settle_all_sql[] = "DELETE FROM doubts WHERE is_final = 0";
constexpr char forget_sql[] = "DELETE FROM doubts WHERE upload = ?1";

Result<void> plain(Result<std::int64_t> done) {
    return done ? ok() : Result<void>(std::move(done).error());
}

MediaId id_in(const Statement& row) {
    return {static_cast<std::uint64_t>(row.integer(0))};
}

template <class T, class Read>
Result<std::vector<T>> collect(Result<Statement> row, Read read) {
    if (!row) {
        return std::move(row).error();
    }
    std::vector<T> values;
    auto is_there = row->step();
    for (; is_there && *is_there; is_there = row->step()) {
        values.push_back(read(*row));
    }
    return is_there ? Result<std::vector<T>>(std::move(values)) : std::move(is_there).error();
}

Result<std::uint64_t> count(Connection& connection, const char* sql) {
    auto row = connection.query(sql);
    if (!row) {
        return std::move(row).error();
    }
    auto is_there = row->step();
    return is_there ? Result<std::uint64_t>(static_cast<std::uint64_t>(row->integer(0)))
                    : std::move(is_there).error();
}

// Some of the newest have no bytes yet: it looks at more of them until enough have.
Result<void> add_newest(
    Connection& connection, std::string_view facts, WallTime since, std::uint64_t count_max
) {
    const auto open = count(connection, open_sql);
    if (!open) {
        return open.error();
    }
    if (count_max >= *open) {
        return plain(connection.execute(add_open_sql, facts, stored(since)));
    }
    std::uint64_t added = 0;
    for (std::uint64_t among = count_max; added < count_max && among < *open;) {
        among = std::min(among * 4, *open);
        const auto more = connection.execute(
            add_newest_sql, facts, stored(since), stored(count_max), stored(among)
        );
        if (!more) {
            return more.error();
        }
        added += static_cast<std::uint64_t>(*more);
    }
    return ok();
}

}  // namespace

Result<void> SqliteDoubtStore::add(const Doubt& doubt) {
    return database_->writer().perform(
        [&doubt](Connection& connection) {
            const std::int64_t is_final = doubt.is_final ? 1 : 0;
            const std::string_view facts = doubt.facts;
            return plain(connection.execute(
                add_sql, stored(doubt.upload.value), is_final, facts, stored(doubt.since)
            ));
        },
        Survives::power_loss
    );
}

Result<std::uint64_t> SqliteDoubtStore::add_open(
    const std::string& facts, WallTime since, std::uint64_t count_max
) {
    std::uint64_t in_all = 0;
    auto done = database_->writer().perform(
        [&](Connection& connection) -> Result<void> {
            if (auto added = add_newest(connection, facts, since, count_max); !added) {
                return added;
            }
            auto counted = count(connection, count_sql);
            in_all = counted.value_or(0);
            return counted ? ok() : Result<void>(std::move(counted).error());
        },
        Survives::power_loss
    );
    return done ? Result<std::uint64_t>(in_all) : std::move(done).error();
}

Result<std::vector<Doubt>> SqliteDoubtStore::finals() {
    const auto reader = database_->readers().borrow();
    return collect<Doubt>((*reader).query(finals_sql), [](const Statement& row) {
        return Doubt{id_in(row), true, row.text(1), sqlite::time_from(row.integer(2))};
    });
}

Result<std::vector<MediaId>> SqliteDoubtStore::unchecked(std::uint32_t count_max) {
    const auto reader = database_->readers().borrow();
    return collect<MediaId>((*reader).query(unchecked_sql, std::int64_t{count_max}), id_in);
}

Result<bool> SqliteDoubtStore::is_unchecked(MediaId id) {
    const auto reader = database_->readers().borrow();
    auto row = (*reader).query(is_unchecked_sql, stored(id.value));
    return row ? row->step() : Result<bool>(std::move(row).error());
}

Result<void> SqliteDoubtStore::settle(MediaId id) {
    return database_->writer().perform([id](Connection& connection) {
        return plain(connection.execute(settle_sql, stored(id.value)));
    });
}

Result<void> SqliteDoubtStore::settle_all() {
    return database_->writer().perform([](Connection& connection) {
        return plain(connection.execute(settle_all_sql));
    });
}

Result<void> SqliteDoubtStore::forget(MediaId id) {
    return database_->writer().perform([id](Connection& connection) {
        return plain(connection.execute(forget_sql, stored(id.value)));
    });
}

}  // namespace sluice
