// Where a job stands in the queue.
#include <limits>

#include "store/sqlite/jobs.hpp"
#include "store/sqlite/rows.hpp"

namespace sluice::sqlite {
namespace {

constexpr char own_job_sql[] =
    "SELECT id, run_at, cost_expected_ms, state = 'leased', lane, is_suspect, rank "
    "FROM jobs WHERE media = ?1";
// Whose upload is gone, or has no use for it, lies before nobody.
constexpr char running_sql[] =
    "SELECT u.category, j.cost_expected_ms, u.changed_at, u.progress_ends_at "
    "FROM jobs j INDEXED BY jobs_leased CROSS JOIN uploads u ON u.id = j.media "
    "WHERE j.state = 'leased' AND j.lane = ?1 AND u.state = 'processing' ORDER BY j.id";
constexpr char suspects_before_sql[] =
    "SELECT u.category, j.cost_expected_ms "
    "FROM jobs j INDEXED BY jobs_suspect CROSS JOIN uploads u ON u.id = j.media "
    "WHERE j.is_suspect = 1 AND j.lane = ?1 AND (j.rank, j.id) < (?2, ?3) AND j.state = 'waiting' "
    "AND (j.run_at <= ?4 OR j.run_at > ?5) AND u.state IN ('queued', 'processing') "
    "ORDER BY j.rank, j.id";
constexpr char waiting_before_sql[] =
    "SELECT u.category, j.cost_expected_ms "
    "FROM jobs j INDEXED BY jobs_by_rank CROSS JOIN uploads u ON u.id = j.media "
    "WHERE j.is_suspect = 0 AND j.lane = ?1 AND (j.rank, j.id) < (?2, ?3) AND j.state = 'waiting' "
    "AND (j.run_at <= ?4 OR j.run_at > ?5) AND u.state IN ('queued', 'processing') "
    "ORDER BY j.rank, j.id";
constexpr std::int64_t any_rank = std::numeric_limits<std::int64_t>::max();

std::chrono::milliseconds cost_from(const Statement& row, int column) {
    return std::chrono::milliseconds{row.integer(column)};
}

Result<Family> family_from(const Statement& row, int column) {
    const auto category = parse_category(row.text(column));
    return category ? Result<Family>(family_of(*category))
                    : Error{.code = ErrorCode::storage_failed, .detail = "an unknown category"};
}

Result<void> add_running(QueuePosition& position, Result<Statement> row) {
    if (!row) {
        return std::move(row).error();
    }
    while (position.running.size() < QueuePosition::jobs_told_max) {
        auto is_there = row->step();
        if (!is_there || !*is_there) {
            return is_there ? ok() : Result<void>(std::move(is_there).error());
        }
        auto family = family_from(*row, 0);
        if (!family) {
            return std::move(family).error();
        }
        const auto ends_at = row->optional_integer(3);
        position.running.push_back({
            .family = *family,
            .cost_expected = cost_from(*row, 1),
            .since = time_from(row->integer(2)),
            .ends_at = ends_at ? std::optional(time_from(*ends_at)) : std::nullopt,
        });
    }
    return ok();
}

// Row by row, as far as it is told. True: there may be more.
Result<bool> add_ahead(QueuePosition& position, Result<Statement> row) {
    if (!row) {
        return std::move(row).error();
    }
    auto cost = position.cost_ahead();
    while (cost < QueuePosition::cost_told_max &&
           position.ahead.size() < QueuePosition::jobs_told_max) {
        auto is_there = row->step();
        if (!is_there || !*is_there) {
            return is_there ? Result<bool>(false) : std::move(is_there).error();
        }
        auto family = family_from(*row, 0);
        if (!family) {
            return std::move(family).error();
        }
        position.ahead.push_back({*family, cost_from(*row, 1)});
        cost += position.ahead.back().cost_expected;
    }
    return true;
}

Result<bool> add_waiting(
    Connection& connection,
    QueuePosition& position,
    const char* sql,
    LongQueue::Place place,
    WallTime now
) {
    return add_ahead(
        position,
        connection.query(
            sql,
            name_of(position.lane),
            place.first,
            place.second,
            stored(now),
            stored(now + job_pause_max)
        )
    );
}

}  // namespace

Result<QueuePosition> position_of(
    Connection& connection, MediaId id, WallTime now, LongQueues& long_queues
) {
    auto own = connection.query(own_job_sql, stored(id.value));
    if (!own) {
        return std::move(own).error();
    }
    auto is_there = own->step();
    if (!is_there) {
        return std::move(is_there).error();
    }
    if (!*is_there) {
        return Error{.code = ErrorCode::store_not_found, .media_id = id.value};
    }
    QueuePosition position{
        .lane = own->text(4) == name_of(Lane::quick) ? Lane::quick : Lane::film,
        .run_at = time_from(own->integer(1)),
        .cost_expected = cost_from(*own, 2),
    };
    if (own->integer(3) != 0) {
        return position;
    }
    LongQueue& long_queue = long_queues[static_cast<std::size_t>(position.lane)];
    const bool is_suspect = own->integer(5) != 0;
    const LongQueue::Place place{own->integer(6), own->integer(0)};
    if (const auto known = is_suspect ? std::nullopt : long_queue.ahead_of(place, now)) {
        position.running = known->running;
        position.ahead = known->ahead;
        return position;
    }
    const auto lane = name_of(position.lane);
    if (auto added = add_running(position, connection.query(running_sql, lane)); !added) {
        return std::move(added).error();
    }
    const LongQueue::Place suspects_end = is_suspect ? place : LongQueue::Place{any_rank, any_rank};
    auto is_cut = add_waiting(connection, position, suspects_before_sql, suspects_end, now);
    if (is_cut && !is_suspect) {
        is_cut = add_waiting(connection, position, waiting_before_sql, place, now);
    }
    if (!is_cut) {
        return std::move(is_cut).error();
    }
    if (*is_cut && !is_suspect) {
        long_queue.note(place, position, now);
    }
    return position;
}

}  // namespace sluice::sqlite
