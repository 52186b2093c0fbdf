// The jobs of SqliteMetadataStore.
#include <utility>

#include "core/job_pause.hpp"
#include "store/sqlite/jobs.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/sqlite_metadata_store.hpp"
#include "store/sqlite/write_queue.hpp"

namespace sluice {
namespace sqlite {
namespace {

constexpr char insert_job_sql[] =
    "INSERT INTO jobs (id, media, run_at, cost_expected_ms, attempt, fence, state) "
    "VALUES (?1, ?2, ?3, ?4, 0, 0, 'waiting') ON CONFLICT DO NOTHING";
constexpr char delete_job_of_sql[] = "DELETE FROM jobs WHERE media = ?1";
constexpr char delete_job_sql[] = "DELETE FROM jobs WHERE id = ?1";
// A job whose upload is gone, or has no use for it, must not stand before the others for ever.
constexpr char next_job_sql[] =
    "SELECT id, media, fence, attempt FROM jobs "
    "WHERE (run_at <= ?1 OR run_at > ?2) AND (state = 'waiting' OR lease_until < ?1) "
    "AND EXISTS (SELECT 1 FROM uploads u WHERE u.id = media AND u.state IN ('queued', "
    "'processing')) "
    "ORDER BY run_at, id LIMIT 1";
constexpr char lease_job_sql[] =
    "UPDATE jobs SET state = 'leased', holder = ?2, lease_until = ?3, fence = fence + 1, "
    "attempt = attempt + 1 WHERE id = ?1";
constexpr char leased_media_sql[] =
    "SELECT media FROM jobs WHERE id = ?1 AND fence = ?2 AND state = 'leased'";
constexpr char extend_lease_sql[] = "UPDATE jobs SET lease_until = ?2 WHERE id = ?1";
constexpr char save_progress_sql[] =
    "UPDATE uploads SET progress_percent = max(progress_percent, min(?2, 99)), "
    "progress_ends_at = ?3, progress_step = ?4 WHERE id = ?1 AND state = 'processing'";
constexpr char release_job_sql[] =
    "UPDATE jobs SET state = 'waiting', holder = NULL, lease_until = NULL, run_at = ?2, "
    "attempt = attempt - ?3 WHERE id = ?1";
constexpr char release_upload_sql[] =
    "UPDATE uploads SET state = 'queued', progress_ends_at = NULL, attempts = attempts - ?2 "
    "WHERE id = ?1 AND state = 'processing'";
constexpr char release_uploads_of_sql[] =
    "UPDATE uploads SET state = 'queued', progress_ends_at = NULL, changed_at = ?2 "
    "WHERE state = 'processing' "
    "AND id IN (SELECT media FROM jobs WHERE state = 'leased' AND holder = ?1)";
constexpr char release_jobs_of_sql[] =
    "UPDATE jobs SET state = 'waiting', holder = NULL, lease_until = NULL "
    "WHERE state = 'leased' AND holder = ?1";
constexpr char own_job_sql[] =
    "SELECT id, run_at, cost_expected_ms, state = 'leased' FROM jobs WHERE media = ?1";
// What is left of a job that runs: by its own estimate, or else by its share.
constexpr char running_sql[] =
    "SELECT CASE WHEN u.progress_ends_at IS NOT NULL THEN max(u.progress_ends_at - ?1, 0) "
    "ELSE j.cost_expected_ms * (100 - u.progress_percent) / 100 END "
    "FROM jobs j JOIN uploads u ON u.id = j.media WHERE j.state = 'leased'";
constexpr char waiting_before_sql[] =
    "SELECT cost_expected_ms FROM jobs WHERE (run_at, id) < (?1, ?2) AND state = 'waiting' "
    "ORDER BY run_at, id";

Error lease_lost() {
    return {.code = ErrorCode::store_conflict, .detail = "the lease was lost"};
}

Result<void> plain(Result<std::int64_t> result) {
    return result ? ok() : Result<void>(std::move(result).error());
}

MediaId media_from(const Statement& row, int column) {
    return {static_cast<std::uint64_t>(row.integer(column))};
}

// The upload whose job is leased under this fence; store_conflict if it is not.
Result<MediaId> leased_media(Connection& connection, JobId id, std::uint64_t fence) {
    auto row = connection.query(leased_media_sql, stored(id.value), stored(fence));
    if (!row) {
        return std::move(row).error();
    }
    auto is_there = row->step();
    if (!is_there) {
        return std::move(is_there).error();
    }
    return *is_there ? Result<MediaId>(media_from(*row, 0)) : lease_lost();
}

struct NextJob {
    JobId id;
    MediaId media;
    std::uint64_t fence = 0;
    int attempt = 0;
};

Result<std::optional<NextJob>> next_job(Connection& connection, WallTime now) {
    auto row = connection.query(next_job_sql, stored(now), stored(now + job_pause_max));
    if (!row) {
        return std::move(row).error();
    }
    auto is_there = row->step();
    if (!is_there) {
        return std::move(is_there).error();
    }
    if (!*is_there) {
        return std::optional<NextJob>();
    }
    return std::optional(NextJob{
        .id = {static_cast<std::uint64_t>(row->integer(0))},
        .media = media_from(*row, 1),
        .fence = static_cast<std::uint64_t>(row->integer(2)) + 1,
        .attempt = static_cast<int>(row->integer(3)) + 1,
    });
}

Result<LeasedJob> lease(
    Connection& connection,
    const NextJob& next,
    std::string_view holder,
    WallTime now,
    WallTime lease_until
) {
    auto upload = load_upload(connection, next.media);
    if (!upload) {
        return std::move(upload).error();
    }
    auto claimed = upload->claimed(now);
    if (!claimed) {
        return std::move(claimed).error();
    }
    if (auto done = update_upload(connection, *claimed); !done) {
        return std::move(done).error();
    }
    const auto leased =
        plain(connection.execute(lease_job_sql, stored(next.id.value), holder, stored(lease_until))
        );
    if (!leased) {
        return leased.error();
    }
    auto segments = load_segments(connection, next.media);
    if (!segments) {
        return std::move(segments).error();
    }
    return LeasedJob{next.id, next.fence, next.attempt, *std::move(claimed), layout_of(*segments)};
}

Result<void> save_outputs(Connection& connection, MediaId id, const std::vector<Output>& outputs) {
    std::int64_t position = 0;
    for (const Output& output : outputs) {
        if (auto done = insert_output(connection, id, position++, output); !done) {
            return done;
        }
    }
    return ok();
}

Result<void> save_heartbeat(
    Connection& connection, JobId id, MediaId media, const Progress& progress, WallTime lease_until
) {
    const auto ends_at = progress.ends_at ? std::optional(stored(*progress.ends_at)) : std::nullopt;
    const std::string_view step = progress.step;
    auto saved = plain(connection.execute(
        save_progress_sql, stored(media.value), std::int64_t{progress.percent}, ends_at, step
    ));
    if (!saved) {
        return saved;
    }
    return plain(connection.execute(extend_lease_sql, stored(id.value), stored(lease_until)));
}

// Row by row, as far as it is told.
Result<void> add_ahead(QueuePosition& position, Result<Statement> row) {
    if (!row) {
        return std::move(row).error();
    }
    while (position.cost_ahead < QueuePosition::cost_told_max) {
        auto is_there = row->step();
        if (!is_there || !*is_there) {
            return is_there ? ok() : Result<void>(std::move(is_there).error());
        }
        ++position.jobs_ahead;
        position.cost_ahead += std::chrono::milliseconds{row->integer(0)};
    }
    return ok();
}

}  // namespace

Result<void> insert_job(Connection& connection, const NewJob& job) {
    auto changed = connection.execute(
        insert_job_sql,
        stored(job.id.value),
        stored(job.media.value),
        stored(job.run_at),
        std::int64_t{job.cost_expected.count()}
    );
    if (!changed) {
        return std::move(changed).error();
    }
    return *changed == 1
               ? ok()
               : Error{.code = ErrorCode::store_conflict, .detail = "there is a job already"};
}

Result<void> delete_job_of(Connection& connection, MediaId id) {
    return plain(connection.execute(delete_job_of_sql, stored(id.value)));
}

Result<QueuePosition> position_of(
    Connection& connection, MediaId id, WallTime now, LongQueue& long_queue
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
    QueuePosition position{.cost_expected = std::chrono::milliseconds{own->integer(2)}};
    if (own->integer(3) != 0) {
        return position;
    }
    const LongQueue::Place place{own->integer(1), own->integer(0)};
    if (const auto known = long_queue.ahead_of(place, now)) {
        position.jobs_ahead = known->jobs_ahead;
        position.cost_ahead = known->cost_ahead;
        return position;
    }
    if (auto added = add_ahead(position, connection.query(running_sql, stored(now))); !added) {
        return std::move(added).error();
    }
    auto waiting = connection.query(waiting_before_sql, place.first, place.second);
    if (auto added = add_ahead(position, std::move(waiting)); !added) {
        return std::move(added).error();
    }
    long_queue.note(place, position, now);
    return position;
}

}  // namespace sqlite

using sqlite::Connection;
using sqlite::stored;

Result<std::optional<LeasedJob>> SqliteMetadataStore::claim_job(
    const std::string& holder, WallTime now, WallTime lease_until
) {
    std::optional<LeasedJob> claimed;
    auto done = database_->writer().perform([&](Connection& connection) -> Result<void> {
        claimed.reset();
        auto next = sqlite::next_job(connection, now);
        if (!next || !*next) {
            return next ? ok() : Result<void>(std::move(next).error());
        }
        auto leased = sqlite::lease(connection, **next, holder, now, lease_until);
        if (!leased) {
            return std::move(leased).error();
        }
        claimed = *std::move(leased);
        return ok();
    });
    if (!done) {
        return std::move(done).error();
    }
    return claimed;
}

Result<void> SqliteMetadataStore::heartbeat(
    JobId id, std::uint64_t fence, const Progress& progress, WallTime lease_until
) {
    return database_->writer().perform([&](Connection& connection) -> Result<void> {
        auto media = sqlite::leased_media(connection, id, fence);
        if (!media) {
            return std::move(media).error();
        }
        return sqlite::save_heartbeat(connection, id, *media, progress, lease_until);
    });
}

Result<void> SqliteMetadataStore::finish_job(
    JobId id, std::uint64_t fence, const Upload& upload, const std::vector<Output>& outputs
) {
    return database_->writer().perform(
        [&](Connection& connection) -> Result<void> {
            auto media = sqlite::leased_media(connection, id, fence);
            if (!media || *media != upload.id) {
                return media ? sqlite::lease_lost() : std::move(media).error();
            }
            if (auto done = sqlite::update_upload(connection, upload); !done) {
                return done;
            }
            if (auto done = sqlite::save_outputs(connection, upload.id, outputs); !done) {
                return done;
            }
            return sqlite::plain(connection.execute(sqlite::delete_job_sql, stored(id.value)));
        },
        sqlite::Survives::power_loss
    );
}

Result<void> SqliteMetadataStore::release_job(
    JobId id, std::uint64_t fence, WallTime run_at, bool counts
) {
    return database_->writer().perform([&](Connection& connection) -> Result<void> {
        auto media = sqlite::leased_media(connection, id, fence);
        if (!media) {
            return std::move(media).error();
        }
        const std::int64_t taken_back = counts ? 0 : 1;
        auto done = sqlite::plain(
            connection.execute(sqlite::release_upload_sql, stored(media->value), taken_back)
        );
        if (!done) {
            return done;
        }
        return sqlite::plain(connection.execute(
            sqlite::release_job_sql, stored(id.value), stored(run_at), taken_back
        ));
    });
}

Result<std::uint32_t> SqliteMetadataStore::release_jobs_of(
    const std::string& holder, WallTime now
) {
    std::uint32_t released = 0;
    auto done = database_->writer().perform([&](Connection& connection) -> Result<void> {
        const std::string_view name = holder;
        auto uploads = connection.execute(sqlite::release_uploads_of_sql, name, stored(now));
        if (!uploads) {
            return std::move(uploads).error();
        }
        auto jobs = connection.execute(sqlite::release_jobs_of_sql, name);
        if (!jobs) {
            return std::move(jobs).error();
        }
        released = static_cast<std::uint32_t>(*jobs);
        return ok();
    });
    if (!done) {
        return std::move(done).error();
    }
    return released;
}

}  // namespace sluice
