#include "store/sqlite/sqlite_timeline_store.hpp"

#include "base/do_each.hpp"
#include "store/sqlite/reader_pool.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/write_queue.hpp"

namespace sluice {

using sqlite::Connection;
using sqlite::Statement;
using sqlite::stored;
using sqlite::Survives;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

#define SLUICE_EVENT_COLUMNS                                                                   \
    "at, last_at, count, call, status, code, facts, segment, bytes, duration_ms, request_id, " \
    "advised_s, asked_after_ms, advised_before_s"

// Asked first, in the transaction that adds to its timeline.
constexpr char takes_events_sql[] =
    "SELECT 1 FROM uploads WHERE id = ?1 AND owner = ?2 AND has_bytes = 1";
constexpr char last_event_sql[] =
    "SELECT " SLUICE_EVENT_COLUMNS
    ", position FROM timeline WHERE upload = ?1 ORDER BY position DESC LIMIT 1";
constexpr char put_event_sql[] =
    "INSERT INTO timeline (upload, position, weight, " SLUICE_EVENT_COLUMNS
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
constexpr char drop_event_sql[] = "DELETE FROM timeline WHERE upload = ?1 AND position = ?2";
constexpr char count_events_sql[] = "SELECT count(*) FROM timeline WHERE upload = ?1";
constexpr char drop_lightest_sql[] =
    "DELETE FROM timeline WHERE upload = ?1 AND position IN (SELECT position FROM timeline "
    "WHERE upload = ?1 ORDER BY weight, position LIMIT ?2)";
constexpr char events_sql[] = "SELECT " SLUICE_EVENT_COLUMNS
                              " FROM timeline WHERE upload = ?1 AND EXISTS "
                              "(SELECT 1 FROM uploads WHERE id = ?1 AND owner = ?2) "
                              "AND (?3 = 1 OR weight > 0 OR call = 'STATUS') ORDER BY position";
constexpr char forget_sql[] = "DELETE FROM timeline WHERE upload = ?1";

#undef SLUICE_EVENT_COLUMNS

constexpr int position_column = 14;

template <class Duration>
std::optional<std::int64_t> count_of(std::optional<Duration> duration) {
    return duration ? std::optional<std::int64_t>(duration->count()) : std::nullopt;
}

template <class Duration>
std::optional<Duration> duration_from(const Statement& row, int column) {
    const auto number = row.optional_integer(column);
    return number ? std::optional(Duration(*number)) : std::nullopt;
}

TimelineEvent read_event(const Statement& row) {
    TimelineEvent event;
    event.at = sqlite::time_from(row.integer(0));
    event.last_at = sqlite::time_from(row.integer(1));
    event.count = static_cast<std::uint32_t>(row.integer(2));
    event.call = row.text(3);
    event.status = static_cast<int>(row.integer(4));
    event.code = row.text(5);
    event.facts = row.text(6);
    if (const auto segment = row.optional_integer(7)) {
        event.segment = static_cast<std::uint64_t>(*segment);
    }
    if (const auto bytes = row.optional_integer(8)) {
        event.bytes = ByteCount{static_cast<std::uint64_t>(*bytes)};
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

Result<void> put(Connection& connection, MediaId id, const Placed& placed) {
    const TimelineEvent& event = placed.event;
    const auto segment =
        event.segment ? std::optional<std::int64_t>(stored(*event.segment)) : std::nullopt;
    const auto bytes =
        event.bytes ? std::optional<std::int64_t>(stored(event.bytes->value)) : std::nullopt;
    auto done = connection.execute(
        put_event_sql,
        stored(id.value),
        placed.position,
        std::int64_t{weight_of(event)},
        stored(event.at),
        stored(event.last_at),
        std::int64_t{event.count},
        std::string_view(event.call),
        std::int64_t{event.status},
        std::string_view(event.code),
        std::string_view(event.facts),
        segment,
        bytes,
        std::int64_t{event.duration.count()},
        std::string_view(event.request_id),
        count_of(event.advised),
        count_of(event.asked_after),
        count_of(event.advised_before)
    );
    return done ? ok() : Result<void>(std::move(done).error());
}

// The caller owns the upload, and its bytes are there.
Result<bool> takes_events(Connection& connection, const Principal& owner, MediaId id) {
    const std::string_view name = owner.id;
    auto row = connection.query(takes_events_sql, stored(id.value), name);
    return row ? row->step() : Result<bool>(std::move(row).error());
}

Result<std::optional<Placed>> last_of(Connection& connection, MediaId id) {
    auto row = connection.query(last_event_sql, stored(id.value));
    if (!row) {
        return std::move(row).error();
    }
    auto is_there = row->step();
    if (!is_there) {
        return std::move(is_there).error();
    }
    return *is_there ? std::optional(Placed{read_event(*row), row->integer(position_column)})
                     : std::nullopt;
}

Result<void> trim(Connection& connection, MediaId id) {
    std::int64_t count = 0;
    {
        auto row = connection.query(count_events_sql, stored(id.value));
        if (!row) {
            return std::move(row).error();
        }
        if (auto counted = row->step(); !counted) {
            return std::move(counted).error();
        }
        count = row->integer(0);
    }
    const std::int64_t excess = count - std::int64_t{timeline_events_max};
    if (excess <= 0) {
        return ok();
    }
    auto dropped = connection.execute(drop_lightest_sql, stored(id.value), excess);
    return dropped ? ok() : Result<void>(std::move(dropped).error());
}

// The last row, if the first event folds into it, is written anew; the others follow it.
Result<void> add_to(Connection& connection, const NotedEvents& noted) {
    auto takes = takes_events(connection, noted.owner, noted.id);
    if (!takes) {
        return std::move(takes).error();
    }
    if (!*takes) {
        return ok();
    }
    auto last = last_of(connection, noted.id);
    if (!last) {
        return std::move(last).error();
    }
    std::vector<Placed> rows;
    std::int64_t next = *last ? (*last)->position + 1 : 0;
    if (*last && !noted.events.empty() && fold((*last)->event, noted.events.front())) {
        auto dropped =
            connection.execute(drop_event_sql, stored(noted.id.value), (*last)->position);
        if (!dropped) {
            return std::move(dropped).error();
        }
        rows.push_back(**std::move(last));
    }
    for (std::size_t i = rows.size(); i < noted.events.size(); ++i) {
        if (rows.empty() || !fold(rows.back().event, noted.events[i])) {
            rows.push_back({noted.events[i], next++});
        }
    }
    auto done = do_each(rows, [&](const Placed& row) { return put(connection, noted.id, row); });
    if (!done) {
        return done;
    }
    // Positions count up from 0: as many rows as that at most.
    return next <= std::int64_t{timeline_events_max} ? ok() : trim(connection, noted.id);
}

}  // namespace

Result<void> SqliteTimelineStore::add(std::span<const NotedEvents> noted) {
    return database_->writer().perform(
        [noted](Connection& connection) {
            return do_each(noted, [&](const NotedEvents& events) {
                return add_to(connection, events);
            });
        },
        Survives::kill
    );
}

Result<std::vector<TimelineEvent>> SqliteTimelineStore::of(
    const Principal& owner, MediaId id, TimelinePart part
) {
    const std::int64_t wants_all = part == TimelinePart::all ? 1 : 0;
    const auto reader = database_->readers().borrow();
    auto row = (*reader).query(events_sql, stored(id.value), std::string_view(owner.id), wants_all);
    if (!row) {
        return std::move(row).error();
    }
    std::vector<TimelineEvent> events;
    for (;;) {
        auto is_there = row->step();
        if (!is_there) {
            return std::move(is_there).error();
        }
        if (!*is_there) {
            return events;
        }
        events.push_back(read_event(*row));
    }
}

Result<void> SqliteTimelineStore::forget(MediaId id) {
    return database_->writer().perform(
        [id](Connection& connection) -> Result<void> {
            auto done = connection.execute(forget_sql, stored(id.value));
            return done ? ok() : Result<void>(std::move(done).error());
        },
        Survives::kill
    );
}

}  // namespace sluice
