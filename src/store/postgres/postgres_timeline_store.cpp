#include "store/postgres/postgres_timeline_store.hpp"

#include <set>

namespace sluice {

using postgres::Row;
using postgres::Rows;
using postgres::Session;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

#define SLUICE_EVENT_COLUMNS                                                                   \
    "at, last_at, count, call, status, code, facts, segment, bytes, duration_ms, request_id, " \
    "advised_s, asked_after_ms, advised_before_s"

// That the caller owns the upload, and that its bytes are there, is a condition of each statement.
constexpr char last_event_sql[] =
    "SELECT " SLUICE_EVENT_COLUMNS
    ", position FROM timeline WHERE upload = $1 AND EXISTS "
    "(SELECT 1 FROM uploads WHERE id = $1 AND owner = $2 AND has_bytes = 1) "
    "ORDER BY position DESC LIMIT 1";
constexpr char put_event_sql[] =
    "INSERT INTO timeline (upload, position, weight, " SLUICE_EVENT_COLUMNS
    ") SELECT id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18 "
    "FROM uploads WHERE id = $1 AND owner = $2 AND has_bytes = 1";
constexpr char drop_event_sql[] = "DELETE FROM timeline WHERE upload = $1 AND position = $2";
// As many as there are too many. The last argument: how many may stay.
constexpr char drop_lightest_sql[] =
    "DELETE FROM timeline WHERE upload = $1 AND position IN (SELECT position FROM timeline "
    "WHERE upload = $1 ORDER BY weight, position LIMIT greatest(0, "
    "(SELECT count(*) FROM timeline WHERE upload = $1) - $2::bigint))";
constexpr char events_sql[] =
    "SELECT " SLUICE_EVENT_COLUMNS
    " FROM timeline WHERE upload = $1 AND EXISTS "
    "(SELECT 1 FROM uploads WHERE id = $1 AND owner = $2) "
    "AND ($3::bigint = 1 OR weight > 0 OR call = 'STATUS') ORDER BY position";
constexpr char forget_sql[] = "DELETE FROM timeline WHERE upload = $1";

#undef SLUICE_EVENT_COLUMNS

constexpr int position_column = 14;

// Who adds to a timeline reads its end first. One adds at a time; to keep the locks few, uploads
// share them.
constexpr char lock_sql[] = "SELECT pg_advisory_xact_lock(7742, $1::int)";
constexpr std::uint64_t locks = 64;

template <class Duration>
std::optional<std::int64_t> count_of(std::optional<Duration> duration) {
    return duration ? std::optional<std::int64_t>(duration->count()) : std::nullopt;
}

template <class Duration>
std::optional<Duration> duration_from(const Row& row, int column) {
    const auto number = row.optional_integer(column);
    return number ? std::optional(Duration(*number)) : std::nullopt;
}

TimelineEvent read_event(const Row& row) {
    TimelineEvent event;
    event.at = row.time(0);
    event.last_at = row.time(1);
    event.count = static_cast<std::uint32_t>(row.integer(2));
    event.call = row.text(3);
    event.status = static_cast<int>(row.integer(4));
    event.code = row.text(5);
    event.facts = row.text(6);
    if (!row.is_null(7)) {
        event.segment = row.number(7);
    }
    if (!row.is_null(8)) {
        event.bytes = ByteCount{row.number(8)};
    }
    event.duration = milliseconds(row.integer(9));
    event.request_id = row.text(10);
    event.advised = duration_from<seconds>(row, 11);
    event.asked_after = duration_from<milliseconds>(row, 12);
    event.advised_before = duration_from<seconds>(row, 13);
    return event;
}

struct Placed {
    TimelineEvent event;
    std::int64_t position = 0;
};

void send_event(Session& session, const Principal& owner, MediaId id, const Placed& placed) {
    const TimelineEvent& event = placed.event;
    session.send(
        put_event_sql,
        id.value,
        owner.id,
        placed.position,
        weight_of(event),
        event.at,
        event.last_at,
        event.count,
        event.call,
        event.status,
        event.code,
        event.facts,
        event.segment,
        event.bytes,
        event.duration.count(),
        event.request_id,
        count_of(event.advised),
        count_of(event.asked_after),
        count_of(event.advised_before)
    );
}

// The last row, if the first event folds into it, is written anew; the others follow it.
void add_to(Session& session, const NotedEvents& noted) {
    const Rows found = session.query(last_event_sql, noted.id.value, noted.owner.id);
    std::optional<Placed> last;
    if (!found.empty()) {
        const Row row = found.front();
        last = Placed{read_event(row), row.integer(position_column)};
    }
    std::vector<Placed> rows;
    std::int64_t next = last ? last->position + 1 : 0;
    if (last && !noted.events.empty() && fold(last->event, noted.events.front())) {
        session.send(drop_event_sql, noted.id.value, last->position);
        rows.push_back(*std::move(last));
    }
    for (std::size_t i = rows.size(); i < noted.events.size(); ++i) {
        if (rows.empty() || !fold(rows.back().event, noted.events[i])) {
            rows.push_back({noted.events[i], next++});
        }
    }
    for (const Placed& row : rows) {
        send_event(session, noted.owner, noted.id, row);
    }
    if (next > std::int64_t{timeline_events_max}) {
        session.send(drop_lightest_sql, noted.id.value, timeline_events_max);
    }
}

}  // namespace

Result<void> PostgresTimelineStore::add(std::span<const NotedEvents> noted) {
    std::set<std::uint64_t> locked;  // in their order, so that two who add never wait in a circle
    for (const NotedEvents& events : noted) {
        locked.insert(events.id.value % locks);
    }
    const auto work = [&](Session& session) -> Result<void> {
        for (const std::uint64_t lock : locked) {
            session.send(lock_sql, lock);
        }
        for (const NotedEvents& events : noted) {
            add_to(session, events);
        }
        return ok();
    };
    return database_->perform(work, PostgresDatabase::Survives::kill);
}

Result<std::vector<TimelineEvent>> PostgresTimelineStore::of(
    const Principal& owner, MediaId id, TimelinePart part
) {
    const auto rows = database_->query(events_sql, id.value, owner.id, part == TimelinePart::all);
    if (!rows) {
        return rows.error();
    }
    std::vector<TimelineEvent> events;
    for (const Row row : *rows) {
        events.push_back(read_event(row));
    }
    return events;
}

Result<void> PostgresTimelineStore::forget(MediaId id) {
    auto done = database_->execute(forget_sql, id.value);
    return done ? ok() : Result<void>(std::move(done).error());
}

}  // namespace sluice
