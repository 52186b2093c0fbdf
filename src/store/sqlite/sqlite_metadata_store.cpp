#include "store/sqlite/sqlite_metadata_store.hpp"

#include "store/sqlite/jobs.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/statements.hpp"
#include "store/sqlite/write_queue.hpp"

namespace sluice {

using sqlite::Connection;
using sqlite::stored;

namespace {

Error conflict(MediaId id, std::string detail) {
    return {.code = ErrorCode::store_conflict, .detail = std::move(detail), .media_id = id.value};
}

Result<void> add_to_sums(
    Connection& connection,
    MediaId id,
    const Segment& segment,
    std::optional<ByteCount> stride,
    WallTime now
) {
    auto changed = connection.execute(
        sqlite::add_to_sums_sql,
        stored(id.value),
        stored(segment.extent.length.value),
        stride ? std::optional(stored(stride->value)) : std::nullopt,
        stored(now)
    );
    if (!changed) {
        return std::move(changed).error();
    }
    if (*changed == 1) {
        return ok();
    }
    auto upload = sqlite::load_upload(connection, id);
    return upload ? conflict(id, "the segment does not fit the upload") : std::move(upload).error();
}

// A FINALIZE: the other columns of an open upload of segments stand as they were made.
bool only_closes(const Upload& upload, UploadState from) {
    return from == UploadState::open && upload.state == UploadState::queued &&
           upload.stream.kind == UploadKind::segments && upload.attempts == 0 && !upload.failure;
}

// Whether an upload differs from what the change was decided on.
bool has_changed(const Upload& current, const Upload& upload, UploadState from) {
    const bool has_same_segments = current.segments_received == upload.segments_received &&
                                   current.received == upload.received;
    const bool was_kept =
        upload.state == UploadState::expired && current.expires_at != upload.expires_at;
    return current.state != from || (from == UploadState::open && !has_same_segments) || was_kept;
}

Result<void> insert(Connection& connection, const std::optional<NewJob>& job) {
    return job ? sqlite::insert_job(connection, *job) : ok();
}

Result<void> change_row(
    Connection& connection, const Upload& upload, UploadState from, const std::optional<NewJob>& job
) {
    if (only_closes(upload, from)) {
        auto is_closed = sqlite::close_upload(connection, upload);
        if (!is_closed || *is_closed) {
            return is_closed ? insert(connection, job) : std::move(is_closed).error();
        }
    }
    auto current = sqlite::load_upload(connection, upload.id);
    if (!current) {
        return std::move(current).error();
    }
    if (has_changed(*current, upload, from)) {
        return conflict(upload.id, "the upload has changed meanwhile");
    }
    if (auto done = sqlite::update_upload(connection, *current, upload); !done) {
        return done;
    }
    if (upload.is_over()) {
        if (auto done = sqlite::delete_job_of(connection, upload.id); !done) {
            return done;
        }
    }
    return insert(connection, job);
}

// What the first ones got is rolled back with the refusal.
Result<void> keep_rows(Connection& connection, const std::vector<MediaId>& ids, WallTime now) {
    for (const MediaId id : ids) {
        auto found = sqlite::load_upload(connection, id);
        if (!found) {
            return std::move(found).error();
        }
        auto kept = found->kept(now);
        if (!kept) {
            return conflict(id, "its time is over");
        }
        if (auto done = sqlite::update_upload(connection, *kept); !done) {
            return done;
        }
    }
    return ok();
}

Result<void> check_quota(Connection& connection, const Upload& upload, const Quota& quota) {
    if (quota.uploads_open_max == 0 && quota.bytes_max.value == 0) {
        return ok();
    }
    const auto used = sqlite::load_usage(connection, upload.owner);
    if (!used) {
        return used.error();
    }
    if (upload.state == UploadState::open && !quota.has_room_for_another(*used)) {
        return Error{.code = ErrorCode::too_many_open_uploads};
    }
    return quota.has_room_for(*used, upload.total) ? ok()
                                                   : Error{.code = ErrorCode::quota_exceeded};
}

Result<void> check_room(Connection& connection, const Upload& upload, ByteCount room) {
    const auto promised = sqlite::load_promised(connection);
    if (!promised) {
        return promised.error();
    }
    const bool fits = *promised <= room && upload.total <= room - *promised;
    return fits ? ok() : Error{.code = ErrorCode::storage_full};
}

Result<void> take_key(Connection& connection, const Upload& upload, const RepeatKey& repeat) {
    const std::string_view owner = upload.owner.id;
    const std::string_view key = repeat.key;
    const std::string_view asked = repeat.asked;
    auto done =
        connection.execute(sqlite::free_repeat_key_sql, owner, key, stored(upload.created_at));
    if (done) {
        done = connection.execute(
            sqlite::take_repeat_key_sql, owner, key, asked, stored(upload.id.value)
        );
    }
    if (!done) {
        return std::move(done).error();
    }
    return *done == 1 ? ok() : conflict(upload.id, "the Idempotency-Key is taken");
}

// One writer, so what is read here is still true when the row is inserted.
Result<void> check(Connection& connection, const Upload& upload, const CreateTerms& terms) {
    if (auto checked = check_quota(connection, upload, terms.quota); !checked) {
        return checked;
    }
    if (terms.room) {
        if (auto checked = check_room(connection, upload, *terms.room); !checked) {
            return checked;
        }
    }
    return terms.repeat ? take_key(connection, upload, *terms.repeat) : ok();
}

Result<void> drop_bytes(Connection& connection, MediaId id) {
    for (const char* sql :
         {sqlite::delete_segments_sql, sqlite::delete_outputs_sql, sqlite::forget_repeat_key_sql}) {
        if (auto done = connection.execute(sql, stored(id.value)); !done) {
            return std::move(done).error();
        }
    }
    auto changed = connection.execute(sqlite::forget_bytes_sql, stored(id.value));
    if (!changed) {
        return std::move(changed).error();
    }
    return *changed == 1 ? ok() : Error{.code = ErrorCode::store_not_found, .media_id = id.value};
}

Result<void> drop_rows(
    Connection& connection, MediaId id, const std::vector<SegmentIndex>& indexes, WallTime now
) {
    for (const SegmentIndex index : indexes) {
        auto done = connection.execute(
            sqlite::delete_segment_sql, stored(id.value), std::int64_t{index.value}
        );
        if (!done) {
            return std::move(done).error();
        }
    }
    auto changed = connection.execute(sqlite::sum_up_again_sql, stored(id.value), stored(now));
    if (!changed) {
        return std::move(changed).error();
    }
    if (*changed == 1) {
        return ok();
    }
    auto upload = sqlite::load_upload(connection, id);
    return upload ? conflict(id, "the upload is not open") : std::move(upload).error();
}

}  // namespace

Result<std::unique_ptr<SqliteMetadataStore>> SqliteMetadataStore::open(
    const std::string& path, SqliteOptions options
) {
    auto database = SqliteDatabase::open(path, options);
    if (!database) {
        return std::move(database).error();
    }
    return std::make_unique<SqliteMetadataStore>(*std::move(database));
}

std::uint64_t SqliteMetadataStore::commits() {
    return database_->writer().commits();
}

std::optional<Error> SqliteMetadataStore::writes_refused() {
    return database_->writer().stopped();
}

Result<void> SqliteMetadataStore::create(const Upload& upload, const CreateTerms& terms) {
    return database_->writer().perform([&upload, &terms](Connection& connection) -> Result<void> {
        if (auto checked = check(connection, upload, terms); !checked) {
            return checked;
        }
        return sqlite::insert_upload(connection, upload);
    });
}

Result<void> SqliteMetadataStore::create_whole(
    const Upload& upload, const Segment& segment, const NewJob& job, const CreateTerms& terms
) {
    auto created = database_->writer().perform(
        [&](Connection& connection) -> Result<void> {
            if (auto checked = check(connection, upload, terms); !checked) {
                return checked;
            }
            if (auto done = sqlite::insert_upload(connection, upload); !done) {
                return done;
            }
            if (auto done = sqlite::insert_segment(connection, upload.id, segment); !done) {
                return done;
            }
            return sqlite::insert_job(connection, job);
        },
        sqlite::Survives::power_loss
    );
    jobs_ahead_.added(job);
    return created;
}

Result<void> SqliteMetadataStore::add_segment(
    MediaId id, const Segment& segment, std::optional<ByteCount> stride, WallTime now
) {
    return database_->writer().perform([&](Connection& connection) -> Result<void> {
        if (auto done = add_to_sums(connection, id, segment, stride, now); !done) {
            return done;
        }
        return sqlite::insert_segment(connection, id, segment);
    });
}

Result<void> SqliteMetadataStore::drop_segments(
    MediaId id, const std::vector<SegmentIndex>& indexes, WallTime now
) {
    return database_->writer().perform(
        [&](Connection& connection) { return drop_rows(connection, id, indexes, now); },
        sqlite::Survives::power_loss
    );
}

Result<void> SqliteMetadataStore::change(
    const Upload& upload, UploadState from, const std::optional<NewJob>& job
) {
    auto changed = database_->writer().perform(
        [&](Connection& connection) {
            auto done = change_row(connection, upload, from, job);
            if (done && job) {
                jobs_ahead_.add(*job);
            }
            return done;
        },
        sqlite::Survives::power_loss
    );
    if (job) {
        jobs_ahead_.added(*job);
    } else {
        jobs_ahead_.forget();
    }
    return changed;
}

Result<void> SqliteMetadataStore::keep_all(const std::vector<MediaId>& ids, WallTime now) {
    return database_->writer().perform(
        [&](Connection& connection) { return keep_rows(connection, ids, now); },
        sqlite::Survives::power_loss
    );
}

Result<void> SqliteMetadataStore::forget_bytes(MediaId id) {
    return database_->writer().perform(
        [id](Connection& connection) { return drop_bytes(connection, id); },
        sqlite::Survives::power_loss  // it makes room
    );
}

}  // namespace sluice
