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
constexpr char waiting_between_sql[] =
    "SELECT u.category, j.cost_expected_ms "
    "FROM jobs j INDEXED BY jobs_by_rank CROSS JOIN uploads u ON u.id = j.media "
    "WHERE j.is_suspect = 0 AND j.lane = ?1 AND (j.rank, j.id) >= (?2, ?3) AND (j.rank, j.id) < "
    "(?4, ?5) "
    "AND j.state = 'waiting' AND (j.run_at <= ?6 OR j.run_at > ?7) "
    "AND u.state IN ('queued', 'processing') ORDER BY j.rank, j.id";
constexpr std::int64_t any_rank = std::numeric_limits<std::int64_t>::max();
constexpr JobsAhead::Place front{0, 0};

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

Result<bool> add_suspects(
    Connection& connection, QueuePosition& position, JobsAhead::Place place, WallTime now
) {
    return add_ahead(
        position,
        connection.query(
            suspects_before_sql,
            name_of(position.lane),
            place.first,
            place.second,
            stored(now),
            stored(now + job_pause_max)
        )
    );
}

// From the first place on, up to the second.
Result<bool> add_waiting(
    Connection& connection,
    QueuePosition& position,
    JobsAhead::Place from,
    JobsAhead::Place to,
    WallTime now
) {
    return add_ahead(
        position,
        connection.query(
            waiting_between_sql,
            name_of(position.lane),
            from.first,
            from.second,
            to.first,
            to.second,
            stored(now),
            stored(now + job_pause_max)
        )
    );
}

struct OwnJob {
    QueuePosition position;  // what it says of itself
    JobsAhead::Place place;
    bool is_leased = false;
    bool is_suspect = false;
};

Result<OwnJob> own_job(Connection& connection, MediaId id) {
    auto row = connection.query(own_job_sql, stored(id.value));
    if (!row) {
        return std::move(row).error();
    }
    auto is_there = row->step();
    if (!is_there) {
        return std::move(is_there).error();
    }
    if (!*is_there) {
        return Error{.code = ErrorCode::store_not_found, .media_id = id.value};
    }
    return OwnJob{
        .position =
            {.lane = row->text(4) == name_of(Lane::quick) ? Lane::quick : Lane::film,
             .run_at = time_from(row->integer(1)),
             .cost_expected = cost_from(*row, 2)},
        .place = {row->integer(6), row->integer(0)},
        .is_leased = row->integer(3) != 0,
        .is_suspect = row->integer(5) != 0,
    };
}

// A queue counted from the front, up to the suspects' end.
Result<bool> count_front(Connection& connection, QueuePosition& position, WallTime now) {
    const auto lane = name_of(position.lane);
    if (auto added = add_running(position, connection.query(running_sql, lane)); !added) {
        return std::move(added).error();
    }
    return add_suspects(connection, position, {any_rank, any_rank}, now);
}

Result<QueuePosition> position_of_suspect(Connection& connection, OwnJob own, WallTime now) {
    const auto lane = name_of(own.position.lane);
    if (auto added = add_running(own.position, connection.query(running_sql, lane)); !added) {
        return std::move(added).error();
    }
    auto counted = add_suspects(connection, own.position, own.place, now);
    return counted ? Result<QueuePosition>(std::move(own.position)) : std::move(counted).error();
}

QueuePosition with_what_is_known(QueuePosition own, const QueuePosition& known) {
    own.running = known.running;
    own.ahead = known.ahead;
    return own;
}

}  // namespace

std::optional<QueuePosition> known_position(MediaId id, WallTime now, const JobsAhead& known) {
    const auto job = known.find(id);
    const auto counted =
        job ? known.before(job->lane, JobsAhead::place_of(*job), now) : std::nullopt;
    if (!counted || !counted->is_long) {
        return std::nullopt;
    }
    const QueuePosition own{
        .lane = job->lane, .run_at = job->run_at, .cost_expected = job->cost_expected
    };
    return with_what_is_known(own, counted->position);
}

Result<QueuePosition> position_of(
    Connection& connection, MediaId id, WallTime now, JobsAhead& known, std::uint64_t version
) {
    auto own = own_job(connection, id);
    if (!own || own->is_leased) {
        return own ? Result<QueuePosition>(std::move(own->position)) : std::move(own).error();
    }
    if (own->is_suspect) {
        return position_of_suspect(connection, *std::move(own), now);
    }
    const Lane lane = own->position.lane;
    JobsAhead::Counted counted{.place = front, .position = own->position, .at = now};
    Result<bool> is_long = false;
    if (auto before = known.before(lane, own->place, now)) {
        counted = *std::move(before);
        is_long = counted.is_long;
    } else {
        is_long = count_front(connection, counted.position, now);
    }
    if (is_long && !*is_long) {
        is_long = add_waiting(connection, counted.position, counted.place, own->place, now);
    }
    if (!is_long) {
        return std::move(is_long).error();
    }
    auto position = with_what_is_known(std::move(own->position), counted.position);
    if (!counted.is_long) {
        counted.is_long = *is_long;
        counted.place = own->place;
        known.note(lane, std::move(counted), version);
    }
    return position;
}

}  // namespace sluice::sqlite
