#include "store/postgres/postgres_node_store.hpp"

#include <algorithm>
#include <span>
#include <tuple>
#include <utility>

#include "store/postgres/database_time.hpp"

namespace sluice {

using postgres::Row;
using postgres::Rows;
using postgres::Session;

namespace {

// Its jobs and streams carry the number of a node that was only paused.
#define SLUICE_GIVEN_UP "86400000"

constexpr char time_sql[] = "SELECT " SLUICE_DATABASE_NOW;
constexpr char lock_nodes_sql[] = "SELECT pg_advisory_xact_lock(7742116304)";
constexpr char own_sql[] = "SELECT id FROM nodes WHERE name = $1";
// Or was seen at a time that has not come: the clock was wrong.
constexpr char forget_sql[] =
    "DELETE FROM nodes WHERE abs(seen_at - " SLUICE_DATABASE_NOW ") > " SLUICE_GIVEN_UP;
constexpr char free_sql[] =
    "SELECT n FROM generate_series(8, 511) n WHERE n NOT IN (SELECT id FROM nodes) LIMIT 1";
constexpr char put_sql[] =
    "INSERT INTO nodes (id, name, incarnation, role, quick_slots, film_slots, speeds, started_at, "
    "seen_at) VALUES ($1, $2, $3, $4, $5, $6, $7, " SLUICE_DATABASE_NOW ", " SLUICE_DATABASE_NOW
    ") ON CONFLICT (id) DO UPDATE SET incarnation = excluded.incarnation, role = excluded.role, "
    "quick_slots = excluded.quick_slots, film_slots = excluded.film_slots, "
    "speeds = excluded.speeds, started_at = excluded.started_at, seen_at = excluded.seen_at";
// Under the lock of nodes, and before the row is locked no process before gets more of the range.
constexpr char old_ids_sql[] = "SELECT until FROM id_ranges WHERE shard = $1 FOR UPDATE";
constexpr char take_ids_sql[] =
    "INSERT INTO id_ranges (shard, incarnation, until) VALUES ($1, $2, $3) "
    "ON CONFLICT (shard) DO UPDATE SET incarnation = excluded.incarnation, until = excluded.until";
// Ids of the shard that lie ahead of time: from before there were ranges.
constexpr char newest_id_sql[] =
    "SELECT greatest((SELECT max(id) FROM uploads WHERE id >= $1 AND (id >> 12) & 1023 = $2), "
    "(SELECT max(id) FROM jobs WHERE id >= $1 AND (id >> 12) & 1023 = $2), "
    "(SELECT max(id) FROM keys WHERE id >= $1 AND (id >> 12) & 1023 = $2), "
    "(SELECT max(blob) FROM segments WHERE blob <> upload AND blob >= $1 "
    "AND (blob >> 12) & 1023 = $2), "
    "(SELECT max(blob) FROM outputs WHERE blob >= $1 AND (blob >> 12) & 1023 = $2), 0)";
constexpr char extend_ids_sql[] =
    "UPDATE id_ranges SET until = greatest(until, " SLUICE_DATABASE_NOW
    " + $3, $4::bigint + $5::bigint) "
    "WHERE shard = $1 AND incarnation = $2 RETURNING until";
constexpr char beat_sql[] =
    "UPDATE nodes SET seen_at = " SLUICE_DATABASE_NOW
    ", speeds = $3, quick_slots = $4, film_slots = $5 WHERE id = $1 AND incarnation = $2 "
    "RETURNING seen_at";
constexpr char live_sql[] =
    "SELECT id, name, role, incarnation, quick_slots, film_slots, speeds FROM nodes "
    "WHERE seen_at BETWEEN " SLUICE_DATABASE_NOW " - $1 AND " SLUICE_DATABASE_NOW
    " + $1 ORDER BY id";
constexpr char leave_sql[] = "UPDATE nodes SET seen_at = 0 WHERE id = $1 AND incarnation = $2";

constexpr char take_sql[] =
    "WITH before AS (SELECT id, stream_token, stream_node FROM uploads "
    "WHERE id = $1 AND state = 'open' FOR NO KEY UPDATE), "
    "taken AS (UPDATE uploads u SET stream_token = $2, stream_node = $3 FROM before "
    "WHERE u.id = before.id) SELECT stream_token, stream_node FROM before";
constexpr char holder_sql[] = "SELECT stream_node FROM uploads WHERE id = $1";

// Nobody can have begun one that ends much later than one that begins now, but by a clock that was wrong.
#define SLUICE_RUNS "w.resets > $5 AND w.resets <= excluded.resets + 60000"
constexpr char add_rate_sql[] =
    "INSERT INTO rate_windows AS w (principal, bucket, resets, used) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (principal, bucket) DO UPDATE SET "
    "used = CASE WHEN " SLUICE_RUNS
    " THEN w.used ELSE 0 END + excluded.used, "
    "resets = CASE WHEN " SLUICE_RUNS
    " THEN w.resets ELSE excluded.resets END "
    "RETURNING resets, used";
constexpr char forget_rates_sql[] = "DELETE FROM rate_windows WHERE resets < $1";

constexpr char put_key_sql[] =
    "INSERT INTO installation (key, value) VALUES ('key', $1) ON CONFLICT DO NOTHING";
constexpr char key_sql[] = "SELECT value FROM installation WHERE key = 'key'";

constexpr std::size_t rates_at_once = 500;

#undef SLUICE_GIVEN_UP
#undef SLUICE_RUNS

std::vector<NodeRow> read_nodes(const Rows& rows) {
    std::vector<NodeRow> nodes;
    for (const Row row : rows) {
        nodes.push_back({
            .id = row.number(0),
            .facts =
                {.name = row.text(1),
                 .role = row.text(2),
                 .incarnation = row.number(3),
                 .quick_slots = row.number(4),
                 .film_slots = row.number(5),
                 .speeds = row.text(6)},
        });
    }
    return nodes;
}

// What nobody wrote down, as in IdSource::begin_after().
constexpr std::chrono::minutes not_written_down{1};

// The time behind all ids of the shard that somebody made ahead of `now`.
WallTime behind_ids_of(Session& session, std::uint64_t shard, WallTime now) {
    constexpr int time_begins = 22;  // the bits below are of the shard and of the sequence
    const ManualClock at_now(now);
    const std::uint64_t first = IdSource(at_now, static_cast<std::uint16_t>(shard)).next();
    const Rows newest = session.query(newest_id_sql, first, shard);
    if (session.failure() || newest.front().number(0) == 0) {
        return now;
    }
    const std::uint64_t ahead = (newest.front().number(0) >> time_begins) - (first >> time_begins);
    return now + std::chrono::milliseconds(ahead) + not_written_down;
}

// Precondition: the transaction has the lock of nodes.
void take_ids(Session& session, PostgresNodeStore::Joined& place, std::uint64_t incarnation) {
    const Rows before = session.query(old_ids_sql, place.id);
    const Rows now = session.query(time_sql);
    if (session.failure()) {
        return;
    }
    const WallTime time = now.front().time(0);
    const WallTime granted =
        before.empty() ? behind_ids_of(session, place.id, time) : before.front().time(0);
    if (session.failure()) {
        return;
    }
    place.ids_from = std::max(time, granted);
    place.ids_until = std::max(
        time + PostgresNodeStore::ids_ahead, granted + PostgresNodeStore::ids_ahead_of_time
    );
    session.send(take_ids_sql, place.id, incarnation, place.ids_until);
}

std::int64_t alive_ms() {
    return std::chrono::milliseconds(PostgresNodeStore::alive).count();
}

}  // namespace

Result<PostgresNodeStore::Joined> PostgresNodeStore::join(const NodeFacts& facts) {
    Joined place;
    auto joined = database_->perform([&](Session& session) -> Result<void> {
        session.send(lock_nodes_sql);
        session.send(forget_sql);
        Rows found = session.query(own_sql, facts.name);
        if (found.empty()) {
            found = session.query(free_sql);
        }
        if (session.failure()) {
            return ok();
        }
        if (found.empty()) {
            return Error{
                .code = ErrorCode::storage_failed,
                .facts =
                    "504 nodes have used this database in the last day; there is no number "
                    "for another.",
            };
        }
        place.id = found.front().number(0);
        session.send(
            put_sql,
            place.id,
            facts.name,
            facts.incarnation,
            facts.role,
            facts.quick_slots,
            facts.film_slots,
            facts.speeds
        );
        take_ids(session, place, facts.incarnation);
        return ok();
    });
    return joined ? Result<Joined>(place) : std::move(joined).error();
}

// A commit of its own that waits for the disk: what a node was granted must not be forgotten.
Result<WallTime> PostgresNodeStore::extend_ids(
    std::uint64_t id, std::uint64_t incarnation, WallTime reached
) {
    WallTime until;
    auto extended = database_->perform([&](Session& session) -> Result<void> {
        const Rows rows = session.query(
            extend_ids_sql,
            id,
            incarnation,
            std::chrono::milliseconds(ids_ahead).count(),
            reached,
            ids_ahead_of_time.count()
        );
        if (session.failure()) {
            return ok();
        }
        if (rows.empty()) {
            return Error{.code = ErrorCode::store_conflict, .detail = "the node was replaced"};
        }
        until = rows.front().time(0);
        return ok();
    });
    return extended ? Result<WallTime>(until) : std::move(extended).error();
}

Result<WallTime> PostgresNodeStore::time() {
    const auto rows = database_->query(time_sql);
    return rows ? Result<WallTime>(rows->front().time(0)) : rows.error();
}

Result<PostgresNodeStore::Seen> PostgresNodeStore::beat(std::uint64_t id, const NodeFacts& facts) {
    Seen seen;
    const auto work = [&](Session& session) -> Result<void> {
        session.send(
            beat_sql, id, facts.incarnation, facts.speeds, facts.quick_slots, facts.film_slots
        );
        session.send(live_sql, alive_ms());
        const std::vector<Rows> answers = session.finish();
        if (session.failure()) {
            return ok();
        }
        const Rows& own = answers[answers.size() - 2];
        if (own.empty()) {
            return Error{.code = ErrorCode::store_conflict, .detail = "the node was replaced"};
        }
        seen = {.now = own.front().time(0), .alive = read_nodes(answers.back())};
        return ok();
    };
    auto done = database_->perform(work, PostgresDatabase::Survives::kill);
    return done ? Result<Seen>(std::move(seen)) : std::move(done).error();
}

Result<void> PostgresNodeStore::leave(std::uint64_t id, std::uint64_t incarnation) {
    auto left = database_->execute(leave_sql, id, incarnation);
    return left ? ok() : Result<void>(std::move(left).error());
}

Result<std::vector<NodeRow>> PostgresNodeStore::live() {
    const auto rows = database_->query(live_sql, alive_ms());
    return rows ? Result<std::vector<NodeRow>>(read_nodes(*rows)) : rows.error();
}

// The token is made by chance, so one that the database lost with its power is nobody's: whoever has
// it is refused, and nobody gets it again.
Result<StreamHolder> PostgresNodeStore::take_stream(MediaId id, const StreamHolder& by) {
    StreamHolder before;
    const auto work = [&](Session& session) -> Result<void> {
        const Rows rows = session.query(take_sql, id.value, by.token, by.node);
        if (!rows.empty()) {
            before = {.token = rows.front().number(0), .node = rows.front().number(1)};
        }
        return ok();
    };
    auto taken = database_->perform(work, PostgresDatabase::Survives::kill);
    return taken ? Result<StreamHolder>(before) : std::move(taken).error();
}

Result<std::uint64_t> PostgresNodeStore::holder_of_stream(MediaId id) {
    const auto rows = database_->query(holder_sql, id.value);
    if (!rows) {
        return rows.error();
    }
    return rows->empty() ? std::uint64_t{0} : rows->front().number(0);
}

namespace {

// Each of `counts` becomes what the database then has.
void add_rates_at_once(
    Session& session, std::span<const RateCount> counts, RateCount* sums, WallTime now
) {
    for (const RateCount& one : counts) {
        session.send(add_rate_sql, one.principal, one.bucket, one.resets, one.used, now);
    }
    const std::vector<Rows> answers = session.finish();
    if (session.failure()) {
        return;
    }
    const auto own =
        std::span(answers).last(counts.size());  // behind those of the transaction's begin
    for (const Rows& answer : own) {
        const Row row = answer.front();
        sums->resets = row.time(0);
        sums->used = row.number(1);
        ++sums;
    }
}

}  // namespace

Result<std::vector<RateCount>> PostgresNodeStore::add_rates(
    std::vector<RateCount> counts, WallTime now
) {
    // In one order, so that two nodes never wait in a circle.
    std::ranges::sort(counts, {}, [](const RateCount& count) {
        return std::tie(count.principal, count.bucket);
    });
    std::vector<RateCount> sums = counts;
    for (std::size_t first = 0; first < counts.size(); first += rates_at_once) {
        const auto some =
            std::span(counts).subspan(first, std::min(rates_at_once, counts.size() - first));
        const auto work = [&](Session& session) -> Result<void> {
            add_rates_at_once(session, some, &sums[first], now);
            return ok();
        };
        if (auto added = database_->perform(work, PostgresDatabase::Survives::kill); !added) {
            return std::move(added).error();
        }
    }
    return sums;
}

Result<void> PostgresNodeStore::forget_rates(WallTime before) {
    auto gone = database_->execute(forget_rates_sql, before);
    return gone ? ok() : Result<void>(std::move(gone).error());
}

Result<void> PostgresNodeStore::check_key(const std::string& mark) {
    return database_->perform([&](Session& session) -> Result<void> {
        session.send(put_key_sql, mark);
        const Rows found = session.query(key_sql);
        if (session.failure() || found.front().text(0) == mark) {
            return ok();
        }
        return Error{
            .code = ErrorCode::storage_failed,
            .facts =
                "The key file of this node is another than that of the nodes before it: what "
                "they sealed and signed would mean nothing here. Copy theirs (keys.secret), "
                "or name it with --key-file.",
        };
    });
}

}  // namespace sluice
