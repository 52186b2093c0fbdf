// The jobs of PostgresMetadataStore. Rows are locked in one order, the upload before its job, so
// that a claim, a heartbeat and a cancellation never wait for each other in a circle.
#include <utility>

#include "core/job_pause.hpp"
#include "store/postgres/database_time.hpp"
#include "store/postgres/postgres_metadata_store.hpp"
#include "store/postgres/rows.hpp"
#include "store/postgres/statements.hpp"

namespace sluice {

using postgres::Row;
using postgres::Rows;
using postgres::Session;

namespace {

// A lease of `j`: given at a time that has not come, it was given by a clock that was wrong. Not by 10 s: so little a clock
// may be set back, or differ after a failover, without jobs that run being begun twice.
#define SLUICE_LEASE_HOLDS                   \
    "(j.lease_until >= " SLUICE_DATABASE_NOW \
    " AND coalesce(j.leased_at, 0) <= " SLUICE_DATABASE_NOW " + 10000)"

// The first that may run and that nobody else is just claiming. A job whose upload is gone, or has
// no use for it, must not stand before the others for ever.
constexpr char next_job_sql[] =
    "SELECT j.id, j.media, j.fence, j.attempt, j.failures, j.crashes, j.cost_expected_ms "
    "FROM jobs j JOIN uploads u ON u.id = j.media "
    "WHERE j.lane = $3 AND (j.run_at <= $1 OR j.run_at > $2) "
    "AND (j.state = 'waiting' OR NOT " SLUICE_LEASE_HOLDS
    ") AND u.state IN ('queued', 'processing') "
    "ORDER BY j.is_suspect DESC, j.rank, j.id LIMIT 1 FOR NO KEY UPDATE OF u, j SKIP LOCKED";
// Those that run, with when they began and whether on the node that asks, and those that may begin.
constexpr char suspects_sql[] =
    "SELECT j.lane, (j.state = 'leased' AND " SLUICE_LEASE_HOLDS
    ")::int, u.changed_at, "
    "(j.holder IS NOT DISTINCT FROM $3)::int "
    "FROM jobs j JOIN uploads u ON u.id = j.media "
    "WHERE j.is_suspect = 1 AND u.state IN ('queued', 'processing') "
    "AND (j.run_at <= $1 OR j.run_at > $2 OR j.state = 'leased') ORDER BY j.rank, j.id";
// While there are suspects, one claim at a time.
constexpr char lock_claims_sql[] = "SELECT pg_advisory_xact_lock(7742116303)";
constexpr char lease_job_sql[] =
    "UPDATE jobs SET state = 'leased', holder = $2, leased_at = " SLUICE_DATABASE_NOW
    ", lease_until = " SLUICE_DATABASE_NOW
    " + $3, fence = fence + 1, attempt = attempt + 1 WHERE id = $1";
constexpr char leased_media_sql[] =
    "SELECT j.media FROM jobs j JOIN uploads u ON u.id = j.media "
    "WHERE j.id = $1 AND j.fence = $2 AND j.state = 'leased' FOR NO KEY UPDATE OF u, j";
constexpr char extend_lease_sql[] = "UPDATE jobs SET leased_at = " SLUICE_DATABASE_NOW
                                    ", lease_until = " SLUICE_DATABASE_NOW " + $2 WHERE id = $1";
constexpr char save_progress_sql[] =
    "UPDATE uploads SET progress_percent = greatest(progress_percent, least($2::bigint, 99)), "
    "progress_ends_at = $3, progress_step = $4 WHERE id = $1 AND state = 'processing'";
constexpr char forget_places_sql[] =
    "UPDATE segments SET blob = 0, \"offset\" = 0 WHERE upload = $1";
constexpr char delete_job_sql[] = "DELETE FROM jobs WHERE id = $1";
constexpr char release_job_sql[] =
    "UPDATE jobs SET state = 'waiting', holder = NULL, leased_at = NULL, lease_until = NULL, "
    "run_at = $2, "
    "attempt = attempt - $3, failures = failures + $4, crashes = crashes + $5, is_suspect = 0 "
    "WHERE id = $1";
constexpr char release_upload_sql[] =
    "UPDATE uploads SET state = 'queued', progress_ends_at = NULL, attempts = attempts - $2 "
    "WHERE id = $1 AND state = 'processing'";
constexpr char release_uploads_of_sql[] =
    "UPDATE uploads SET state = 'queued', progress_ends_at = NULL, changed_at = $2 "
    "WHERE state = 'processing' "
    "AND id IN (SELECT media FROM jobs WHERE state = 'leased' AND holder = $1)";
constexpr char release_jobs_of_sql[] =
    "UPDATE jobs SET state = 'waiting', holder = NULL, leased_at = NULL, lease_until = NULL, "
    "is_suspect = 1 "
    "WHERE state = 'leased' AND holder = $1";

#undef SLUICE_LEASE_HOLDS

Error lease_lost() {
    return {.code = ErrorCode::store_conflict, .detail = "the lease was lost"};
}

// The upload whose job is leased under this fence, both locked; store_conflict if it is not.
Result<MediaId> leased_media(Session& session, JobId id, std::uint64_t fence) {
    const Rows rows = session.query(leased_media_sql, id.value, fence);
    return rows.empty() ? Result<MediaId>(lease_lost()) : MediaId{rows.front().number(0)};
}

// Whether a suspect leaves room for a job of this lane: see alone_max.
bool may_begin(const Rows& suspects, Lane lane, WallTime now) {
    bool one_runs = false;
    std::optional<bool> first_waits_here;
    for (const Row row : suspects) {
        if (!row.flag(1)) {
            first_waits_here = first_waits_here.value_or(row.text(0) == postgres::name_of(lane));
            continue;
        }
        one_runs = true;
        if (row.flag(3) && row.time(2) + alone_max > now) {
            return false;
        }
    }
    return one_runs || first_waits_here.value_or(true);
}

bool may_begin(Session& session, Lane lane, const std::string& holder, WallTime now) {
    Rows suspects = session.query(suspects_sql, now, now + job_pause_max, holder);
    if (!suspects.empty()) {
        session.send(lock_claims_sql);
        suspects = session.query(suspects_sql, now, now + job_pause_max, holder);
    }
    return may_begin(suspects, lane, now);
}

// A LeasedJob that lacks what the uploads know.
std::optional<LeasedJob> next_job(Session& session, Lane lane, WallTime now) {
    const Rows rows =
        session.query(next_job_sql, now, now + job_pause_max, postgres::name_of(lane));
    if (rows.empty()) {
        return std::nullopt;
    }
    const Row row = rows.front();
    LeasedJob next{
        .id = {row.number(0)},
        .fence = row.number(2) + 1,
        .attempt = static_cast<int>(row.integer(3)) + 1,
        .failures = static_cast<int>(row.integer(4)),
        .crashes = static_cast<int>(row.integer(5)),
        .cost_expected = std::chrono::milliseconds{row.integer(6)},
    };
    next.upload.id = {row.number(1)};
    return next;
}

// Precondition: the rows of the job and of its upload are locked.
Result<LeasedJob> leased_to(
    Session& session,
    LeasedJob next,
    const std::string& holder,
    WallTime now,
    std::chrono::milliseconds lease
) {
    session.send(postgres::find_any_upload_sql, next.upload.id.value);
    session.send(postgres::segments_sql, next.upload.id.value);
    const std::vector<Rows> answers = session.finish();
    if (session.failure() || answers.front().empty()) {
        return lease_lost();
    }
    auto upload = postgres::read_upload(answers.front().front());
    auto claimed = upload ? upload->claimed(now) : std::move(upload);
    if (!claimed) {
        return std::move(claimed).error();
    }
    postgres::send_upload(session, postgres::update_upload_sql, *claimed);
    session.send(lease_job_sql, next.id.value, holder, lease.count());
    next.upload = *std::move(claimed);
    next.layout = layout_of(postgres::read_segments(answers.back()));
    return next;
}

}  // namespace

Result<std::optional<LeasedJob>> PostgresMetadataStore::claim_job(
    Lane lane, const std::string& holder, WallTime now, std::chrono::milliseconds lease
) {
    std::optional<LeasedJob> claimed;
    auto done = database_->perform([&](Session& session) -> Result<void> {
        claimed.reset();
        auto next =
            may_begin(session, lane, holder, now) ? next_job(session, lane, now) : std::nullopt;
        if (!next) {
            return ok();
        }
        auto leased = leased_to(session, *std::move(next), holder, now, lease);
        if (!leased) {
            return std::move(leased).error();
        }
        claimed = *std::move(leased);
        return ok();
    });
    return done ? Result<std::optional<LeasedJob>>(std::move(claimed)) : std::move(done).error();
}

// Losing one costs nothing: the next comes soon.
Result<void> PostgresMetadataStore::heartbeat(
    JobId id,
    std::uint64_t fence,
    const Progress& progress,
    WallTime,
    std::chrono::milliseconds lease
) {
    const auto work = [&](Session& session) -> Result<void> {
        auto media = leased_media(session, id, fence);
        if (!media) {
            return std::move(media).error();
        }
        session.send(
            save_progress_sql, media->value, progress.percent, progress.ends_at, progress.step
        );
        session.send(extend_lease_sql, id.value, lease.count());
        return ok();
    };
    return database_->perform(work, PostgresDatabase::Survives::kill);
}

Result<void> PostgresMetadataStore::save_outputs(
    JobId id, std::uint64_t fence, const std::vector<Output>& outputs
) {
    return database_->perform([&](Session& session) -> Result<void> {
        auto media = leased_media(session, id, fence);
        if (!media) {
            return std::move(media).error();
        }
        postgres::send_outputs(session, *media, outputs);
        return ok();
    });
}

Result<void> PostgresMetadataStore::finish_job(
    JobId id, std::uint64_t fence, const Upload& upload, const std::vector<Output>& outputs
) {
    return database_->perform([&](Session& session) -> Result<void> {
        auto media = leased_media(session, id, fence);
        if (!media || *media != upload.id) {
            return media ? lease_lost() : std::move(media).error();
        }
        postgres::send_upload(session, postgres::update_upload_sql, upload);
        postgres::send_outputs(session, upload.id, outputs);
        if (!upload.has_original) {
            session.send(forget_places_sql, upload.id.value);
        }
        session.send(delete_job_sql, id.value);
        return ok();
    });
}

Result<void> PostgresMetadataStore::release_job(
    JobId id, std::uint64_t fence, WallTime run_at, Counted as
) {
    return database_->perform([&](Session& session) -> Result<void> {
        auto media = leased_media(session, id, fence);
        if (!media) {
            return std::move(media).error();
        }
        const bool is_taken_back = as == Counted::not_at_all;
        session.send(release_upload_sql, media->value, is_taken_back);
        session.send(
            release_job_sql,
            id.value,
            run_at,
            is_taken_back,
            as == Counted::as_failure,
            as == Counted::as_crash
        );
        return ok();
    });
}

Result<std::uint32_t> PostgresMetadataStore::release_jobs_of(
    const std::string& holder, WallTime now
) {
    std::int64_t released = 0;
    auto done = database_->perform([&](Session& session) -> Result<void> {
        session.send(release_uploads_of_sql, holder, now);
        released = session.execute(release_jobs_of_sql, holder);
        return ok();
    });
    return done ? Result<std::uint32_t>(static_cast<std::uint32_t>(released))
                : std::move(done).error();
}

}  // namespace sluice
