// Where a job stands in the queue.
#include <limits>

#include "core/job_pause.hpp"
#include "store/postgres/postgres_metadata_store.hpp"
#include "store/postgres/rows.hpp"

namespace sluice {

using postgres::Row;
using postgres::Rows;
using postgres::Session;

namespace {

constexpr char own_job_sql[] =
    "SELECT id, run_at, cost_expected_ms, (state = 'leased')::int, lane, is_suspect, rank "
    "FROM jobs WHERE media = $1";
// Whose upload is gone, or has no use for it, lies before nobody.
constexpr char running_sql[] =
    "SELECT u.category, j.cost_expected_ms, u.changed_at, u.progress_ends_at "
    "FROM jobs j JOIN uploads u ON u.id = j.media "
    "WHERE j.state = 'leased' AND j.lane = $1 AND u.state = 'processing' ORDER BY j.id LIMIT $2";
#define SLUICE_BEFORE                                                                     \
    "SELECT u.category, j.cost_expected_ms FROM jobs j JOIN uploads u ON u.id = j.media " \
    "WHERE j.lane = $1 AND (j.rank, j.id) < ($2, $3) AND j.state = 'waiting' "            \
    "AND (j.run_at <= $4 OR j.run_at > $5) AND u.state IN ('queued', 'processing') AND "  \
    "j.is_suspect"
constexpr char suspects_before_sql[] = SLUICE_BEFORE " = 1 ORDER BY j.rank, j.id LIMIT $6";
constexpr char waiting_before_sql[] = SLUICE_BEFORE " = 0 ORDER BY j.rank, j.id LIMIT $6";
#undef SLUICE_BEFORE

struct Place {
    std::int64_t rank = std::numeric_limits<std::int64_t>::max();
    std::int64_t id = std::numeric_limits<std::int64_t>::max();
};

Result<Family> family_from(const Row& row) {
    const auto category = parse_category(row.text(0));
    return category ? Result<Family>(family_of(*category))
                    : Error{.code = ErrorCode::storage_failed, .detail = "an unknown category"};
}

std::chrono::milliseconds cost_from(const Row& row, int column) {
    return std::chrono::milliseconds{row.integer(column)};
}

Result<void> add_running(QueuePosition& position, const Rows& rows) {
    for (const Row row : rows) {
        auto family = family_from(row);
        if (!family) {
            return std::move(family).error();
        }
        position.running.push_back({
            .family = *family,
            .cost_expected = cost_from(row, 1),
            .since = row.time(2),
            .ends_at = row.optional_time(3),
        });
    }
    return ok();
}

// As far as it is told.
Result<void> add_ahead(QueuePosition& position, const Rows& rows) {
    auto cost = position.cost_ahead();
    for (const Row row : rows) {
        if (cost >= QueuePosition::cost_told_max ||
            position.ahead.size() >= QueuePosition::jobs_told_max) {
            break;
        }
        auto family = family_from(row);
        if (!family) {
            return std::move(family).error();
        }
        position.ahead.push_back({*family, cost_from(row, 1)});
        cost += position.ahead.back().cost_expected;
    }
    return ok();
}

void send_before(
    Session& session, const char* sql, const QueuePosition& position, Place place, WallTime now
) {
    session.send(
        sql,
        postgres::name_of(position.lane),
        place.rank,
        place.id,
        now,
        now + job_pause_max,
        QueuePosition::jobs_told_max
    );
}

}  // namespace

// Two flights: what the job is, then what lies before it.
Result<QueuePosition> PostgresMetadataStore::queue_position(MediaId id, WallTime now) {
    const auto own = database_->query(own_job_sql, id.value);
    if (!own || own->empty()) {
        return own ? postgres::not_found(id) : own.error();
    }
    const Row row = own->front();
    QueuePosition position{
        .lane = row.text(4) == postgres::name_of(Lane::quick) ? Lane::quick : Lane::film,
        .run_at = row.time(1),
        .cost_expected = cost_from(row, 2),
    };
    if (row.flag(3)) {
        return position;
    }
    const bool is_suspect = row.flag(5);
    const Place place{row.integer(6), row.integer(0)};
    const auto answers = database_->snapshot([&](Session& session) {
        session.send(running_sql, postgres::name_of(position.lane), QueuePosition::jobs_told_max);
        send_before(session, suspects_before_sql, position, is_suspect ? place : Place{}, now);
        if (!is_suspect) {
            send_before(session, waiting_before_sql, position, place, now);
        }
    });
    if (!answers) {
        return answers.error();
    }
    Result<void> added = add_running(position, answers->front());
    for (std::size_t i = 1; added && i < answers->size(); ++i) {
        added = add_ahead(position, (*answers)[i]);
    }
    return added ? Result<QueuePosition>(std::move(position)) : std::move(added).error();
}

}  // namespace sluice
