// The jobs of SqliteMetadataStore.
#include <utility>

#include "core/job_pause.hpp"
#include "store/sqlite/jobs.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/sqlite_metadata_store.hpp"
#include "store/sqlite/statements.hpp"
#include "store/sqlite/write_queue.hpp"

namespace sluice {
namespace sqlite {
namespace {

constexpr char insert_job_sql[] =
    "INSERT INTO jobs (id, media, run_at, cost_expected_ms, lane, rank, attempt, fence, state) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, 'waiting') ON CONFLICT DO NOTHING";
constexpr char delete_job_of_sql[] = "DELETE FROM jobs WHERE media = ?1";
constexpr char delete_job_sql[] = "DELETE FROM jobs WHERE id = ?1";
// A job whose upload is gone, or has no use for it, must not stand before the others for ever.
constexpr char next_job_sql[] =
    "SELECT id, media, fence, attempt, failures, crashes, cost_expected_ms FROM jobs "
    "WHERE lane = ?3 AND (run_at <= ?1 OR run_at > ?2) AND (state = 'waiting' OR lease_until < ?1) "
    "AND EXISTS (SELECT 1 FROM uploads u WHERE u.id = media AND u.state IN ('queued', "
    "'processing')) "
    "ORDER BY is_suspect DESC, rank, id LIMIT 1";
// Those that run, with when they began and whether on the node that asks, and those that may begin.
constexpr char suspects_sql[] =
    "SELECT j.lane, j.state = 'leased' AND j.lease_until >= ?1, u.changed_at, j.holder IS ?3 "
    "FROM jobs j INDEXED BY jobs_suspect CROSS JOIN uploads u ON u.id = j.media "
    "WHERE j.is_suspect = 1 AND u.state IN ('queued', 'processing') "
    "AND (j.run_at <= ?1 OR j.run_at > ?2 OR j.state = 'leased') ORDER BY j.rank, j.id";
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
    "attempt = attempt - ?3, failures = failures + ?4, crashes = crashes + ?5, is_suspect = 0 "
    "WHERE id = ?1";
constexpr char release_upload_sql[] =
    "UPDATE uploads SET state = 'queued', progress_ends_at = NULL, attempts = attempts - ?2 "
    "WHERE id = ?1 AND state = 'processing'";
constexpr char release_uploads_of_sql[] =
    "UPDATE uploads SET state = 'queued', progress_ends_at = NULL, changed_at = ?2 "
    "WHERE state = 'processing' "
    "AND id IN (SELECT media FROM jobs WHERE state = 'leased' AND holder = ?1)";
constexpr char release_jobs_of_sql[] =
    "UPDATE jobs SET state = 'waiting', holder = NULL, lease_until = NULL, is_suspect = 1 "
    "WHERE state = 'leased' AND holder = ?1";
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

// Whether a suspect leaves room for a job of this lane: see alone_max.
Result<bool> may_begin(Connection& connection, Lane lane, std::string_view holder, WallTime now) {
    auto row = connection.query(suspects_sql, stored(now), stored(now + job_pause_max), holder);
    if (!row) {
        return std::move(row).error();
    }
    bool one_runs = false;
    std::optional<bool> first_waits_here;
    while (true) {
        auto is_there = row->step();
        if (!is_there) {
            return std::move(is_there).error();
        }
        if (!*is_there) {
            return one_runs || first_waits_here.value_or(true);
        }
        if (row->integer(1) == 0) {
            first_waits_here = first_waits_here.value_or(row->text(0) == name_of(lane));
            continue;
        }
        one_runs = true;
        if (row->integer(3) != 0 && time_from(row->integer(2)) + alone_max > now) {
            return false;
        }
    }
}

// A LeasedJob that lacks what the uploads know.
Result<std::optional<LeasedJob>> next_job(Connection& connection, Lane lane, WallTime now) {
    auto row =
        connection.query(next_job_sql, stored(now), stored(now + job_pause_max), name_of(lane));
    if (!row) {
        return std::move(row).error();
    }
    auto is_there = row->step();
    if (!is_there) {
        return std::move(is_there).error();
    }
    if (!*is_there) {
        return std::optional<LeasedJob>();
    }
    LeasedJob next{
        .id = {static_cast<std::uint64_t>(row->integer(0))},
        .fence = static_cast<std::uint64_t>(row->integer(2)) + 1,
        .attempt = static_cast<int>(row->integer(3)) + 1,
        .failures = static_cast<int>(row->integer(4)),
        .crashes = static_cast<int>(row->integer(5)),
        .cost_expected = std::chrono::milliseconds{row->integer(6)},
    };
    next.upload.id = media_from(*row, 1);
    return std::optional(std::move(next));
}

Result<LeasedJob> lease(
    Connection& connection,
    LeasedJob next,
    std::string_view holder,
    WallTime now,
    WallTime lease_until
) {
    auto upload = load_upload(connection, next.upload.id);
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
    auto segments = load_segments(connection, next.upload.id);
    if (!segments) {
        return std::move(segments).error();
    }
    next.upload = *std::move(claimed);
    next.layout = layout_of(*segments);
    return next;
}

// In place of those that were there.
// Where the segments of an upload without its original were is no business of theirs any more.
Result<void> forget_places(Connection& connection, const Upload& upload) {
    return upload.has_original
               ? ok()
               : plain(connection.execute(forget_places_sql, stored(upload.id.value)));
}

Result<void> write_outputs(Connection& connection, MediaId id, const std::vector<Output>& outputs) {
    if (auto done = plain(connection.execute(delete_outputs_sql, stored(id.value))); !done) {
        return done;
    }
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

Result<std::optional<LeasedJob>> claim(
    Connection& connection, Lane lane, std::string_view holder, WallTime now, WallTime until
) {
    const auto may = may_begin(connection, lane, holder, now);
    if (!may) {
        return may.error();
    }
    if (!*may) {
        return std::nullopt;
    }
    auto next = next_job(connection, lane, now);
    if (!next || !*next) {
        return next;
    }
    return lease(connection, **std::move(next), holder, now, until);
}

}  // namespace

Result<void> insert_job(Connection& connection, const NewJob& job) {
    auto changed = connection.execute(
        insert_job_sql,
        stored(job.id.value),
        stored(job.media.value),
        stored(job.run_at),
        std::int64_t{job.cost_expected.count()},
        name_of(job.lane),
        stored(job.rank)
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

}  // namespace sqlite

using sqlite::Connection;
using sqlite::stored;

Result<std::optional<LeasedJob>> SqliteMetadataStore::claim_job(
    Lane lane, const std::string& holder, WallTime now, std::chrono::milliseconds lease
) {
    std::optional<LeasedJob> claimed;
    auto done = database_->writer().perform([&](Connection& connection) -> Result<void> {
        auto job = sqlite::claim(connection, lane, holder, now, now + lease);
        if (!job) {
            return std::move(job).error();
        }
        claimed = *std::move(job);
        return ok();
    });
    if (!done || claimed) {
        jobs_ahead_.forget();
    }
    if (!done) {
        return std::move(done).error();
    }
    return claimed;
}

Result<void> SqliteMetadataStore::heartbeat(
    JobId id,
    std::uint64_t fence,
    const Progress& progress,
    WallTime now,
    std::chrono::milliseconds lease
) {
    auto beaten = database_->writer().perform([&](Connection& connection) -> Result<void> {
        auto media = sqlite::leased_media(connection, id, fence);
        if (!media) {
            return std::move(media).error();
        }
        return sqlite::save_heartbeat(connection, id, *media, progress, now + lease);
    });
    jobs_ahead_.forget();
    return beaten;
}

Result<void> SqliteMetadataStore::save_outputs(
    JobId id, std::uint64_t fence, const std::vector<Output>& outputs
) {
    return database_->writer().perform([&](Connection& connection) -> Result<void> {
        auto media = sqlite::leased_media(connection, id, fence);
        if (!media) {
            return std::move(media).error();
        }
        return sqlite::write_outputs(connection, *media, outputs);
    });
}

Result<void> SqliteMetadataStore::finish_job(
    JobId id, std::uint64_t fence, const Upload& upload, const std::vector<Output>& outputs
) {
    auto finished = database_->writer().perform(
        [&](Connection& connection) -> Result<void> {
            auto media = sqlite::leased_media(connection, id, fence);
            if (!media || *media != upload.id) {
                return media ? sqlite::lease_lost() : std::move(media).error();
            }
            if (auto done = sqlite::update_upload(connection, upload); !done) {
                return done;
            }
            if (auto done = sqlite::write_outputs(connection, upload.id, outputs); !done) {
                return done;
            }
            if (auto done = sqlite::forget_places(connection, upload); !done) {
                return done;
            }
            return sqlite::plain(connection.execute(sqlite::delete_job_sql, stored(id.value)));
        },
        sqlite::Survives::power_loss
    );
    jobs_ahead_.forget();
    return finished;
}

Result<void> SqliteMetadataStore::release_job(
    JobId id, std::uint64_t fence, WallTime run_at, Counted as
) {
    auto released = database_->writer().perform([&](Connection& connection) -> Result<void> {
        auto media = sqlite::leased_media(connection, id, fence);
        if (!media) {
            return std::move(media).error();
        }
        const std::int64_t taken_back = as == Counted::not_at_all ? 1 : 0;
        const std::int64_t failures = as == Counted::as_failure ? 1 : 0;
        const std::int64_t crashes = as == Counted::as_crash ? 1 : 0;
        auto done = sqlite::plain(
            connection.execute(sqlite::release_upload_sql, stored(media->value), taken_back)
        );
        if (!done) {
            return done;
        }
        return sqlite::plain(connection.execute(
            sqlite::release_job_sql, stored(id.value), stored(run_at), taken_back, failures, crashes
        ));
    });
    jobs_ahead_.forget();
    return released;
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
    jobs_ahead_.forget();
    if (!done) {
        return std::move(done).error();
    }
    return released;
}

}  // namespace sluice
