#include "store/postgres/postgres_metadata_store.hpp"

#include <array>

#include "store/postgres/rows.hpp"
#include "store/postgres/statements.hpp"

namespace sluice {

using postgres::conflict;
using postgres::not_found;
using postgres::Rows;
using postgres::Session;

namespace {

// A new row counts in the sums at once (triggers), so what is read behind it includes it; and the
// owner's row in the sums, which the insert has changed, stays with this transaction to its end.
constexpr char usage_sql[] = "SELECT uploads_open, bytes FROM usage_of_owners WHERE owner = $1";
// Where room is scarce, whoever asks for it comes behind whoever asked before and has not committed
// yet: the lock is held over the flush. Where there is plenty, those who ask hold it together.
constexpr char lock_promises_sql[] = "SELECT pg_advisory_xact_lock(7742116302)";
constexpr char share_promises_sql[] = "SELECT pg_advisory_xact_lock_shared(7742116302)";
// Of the room that is left: more than all connections of ten nodes together may ask for at once.
constexpr std::uint64_t small_share = 256;
constexpr char promised_sql[] = "SELECT coalesce(sum(bytes), 0)::bigint FROM promised_space";

// An upload of now that is over, or will be at the next sweep, frees its key.
constexpr char free_repeat_key_sql[] =
    "DELETE FROM repeat_keys WHERE owner = $1 AND key = $2 AND NOT EXISTS (SELECT 1 FROM uploads "
    "WHERE id = repeat_keys.upload AND state NOT IN ('cancelled', 'expired') "
    "AND (expires_at > $3 OR state NOT IN ('open', 'ready', 'failed')))";
constexpr char take_repeat_key_sql[] =
    "INSERT INTO repeat_keys (owner, key, asked, upload) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (owner, key) DO NOTHING";

// One statement, and so one round trip: the sums, if the segment fits, and with them the segment. If
// its index is taken the statement fails as a whole.
constexpr char add_segment_sql[] =
    "WITH fitting AS (UPDATE uploads SET received = received + $5, "
    "segments_received = segments_received + 1, stride = coalesce(stride, $8), changed_at = $9 "
    "WHERE id = $1 AND state = 'open' AND $5 <= total - received RETURNING id) "
    "INSERT INTO segments (upload, index, blob, \"offset\", length, crc32c, received_at) "
    "SELECT id, $2::bigint, $3::bigint, $4::bigint, $5::bigint, $6::bigint, $7::bigint "
    "FROM fitting";
constexpr char delete_segment_sql[] = "DELETE FROM segments WHERE upload = $1 AND index = $2";
constexpr char sum_up_again_sql[] =
    "UPDATE uploads SET "
    "received = (SELECT coalesce(sum(length), 0) FROM segments WHERE upload = $1), "
    "segments_received = (SELECT count(*) FROM segments WHERE upload = $1), changed_at = $2 "
    "WHERE id = $1";
constexpr char delete_job_of_sql[] = "DELETE FROM jobs WHERE media = $1";
constexpr char forget_bytes_sql[] = "UPDATE uploads SET has_bytes = 0 WHERE id = $1";
constexpr std::array drop_bytes_sql{
    "DELETE FROM segments WHERE upload = $1",
    "DELETE FROM outputs WHERE upload = $1",
    "DELETE FROM repeat_keys WHERE upload = $1",
};

Result<void> check_quota(Session& session, const Upload& upload, const Quota& quota) {
    if (quota.uploads_open_max == 0 && quota.bytes_max.value == 0) {
        return ok();
    }
    const Rows rows = session.query(usage_sql, upload.owner.id);
    if (rows.empty()) {
        return ok();  // a failure, which the session keeps
    }
    const bool is_open = upload.state == UploadState::open;
    const Usage used{
        .uploads_open = rows.front().number(0) - (is_open ? 1 : 0),
        .bytes = {rows.front().number(1) - upload.total.value}
    };
    if (is_open && !quota.has_room_for_another(used)) {
        return Error{.code = ErrorCode::too_many_open_uploads};
    }
    return quota.has_room_for(used, upload.total) ? ok() : Error{.code = ErrorCode::quota_exceeded};
}

// What others are promised; a one-shot is not promised anything: its bytes are there.
ByteCount promised_to_others(const Rows& rows, const Upload& upload) {
    const bool is_counted = upload.state == UploadState::open && upload.segments_received == 0;
    return {rows.front().number(0) - (is_counted ? upload.total.value : 0)};
}

Result<void> check_room(Session& session, const Upload& upload, ByteCount room) {
    const Rows seen = session.query(promised_sql);
    if (seen.empty()) {
        return ok();
    }
    const ByteCount then = promised_to_others(seen, upload);
    if (then <= room && upload.total.value <= (room - then).value / small_share) {
        session.send(share_promises_sql);
        return ok();
    }
    session.send(lock_promises_sql);
    const Rows rows = session.query(promised_sql);
    if (rows.empty()) {
        return ok();
    }
    const ByteCount promised = promised_to_others(rows, upload);
    const bool fits = promised <= room && upload.total <= room - promised;
    return fits ? ok() : Error{.code = ErrorCode::storage_full};
}

Result<void> take_key(Session& session, const Upload& upload, const RepeatKey& repeat) {
    session.send(free_repeat_key_sql, upload.owner.id, repeat.key, upload.created_at);
    const auto taken = session.execute(
        take_repeat_key_sql, upload.owner.id, repeat.key, repeat.asked, upload.id.value
    );
    return taken == 1 ? ok() : conflict(upload.id, "the Idempotency-Key is taken");
}

// The row itself goes first, unless the transaction ends without it.
Result<void> insert(Session& session, const Upload& upload, const CreateTerms& terms) {
    postgres::send_upload(session, postgres::insert_upload_sql, upload);
    if (auto checked = check_quota(session, upload, terms.quota); !checked) {
        return checked;
    }
    if (terms.repeat) {
        if (auto taken = take_key(session, upload, *terms.repeat); !taken) {
            return taken;
        }
    }
    return terms.room ? check_room(session, upload, *terms.room) : ok();
}

Result<void> change_row(
    Session& session, const Upload& upload, UploadState from, const std::optional<NewJob>& job
) {
    auto current = postgres::lock_upload(session, upload.id);
    if (!current) {
        return std::move(current).error();
    }
    const bool has_same_segments = current->segments_received == upload.segments_received &&
                                   current->received == upload.received;
    const bool was_kept =
        upload.state == UploadState::expired && current->expires_at != upload.expires_at;
    if (current->state != from || (from == UploadState::open && !has_same_segments) || was_kept) {
        return conflict(upload.id, "the upload has changed meanwhile");
    }
    postgres::send_upload(session, postgres::update_upload_sql, upload);
    if (upload.is_over()) {
        session.send(delete_job_of_sql, upload.id.value);
    }
    return job ? postgres::insert_job(session, *job) : ok();
}

// What the first ones got is rolled back with the refusal.
Result<void> keep_rows(Session& session, const std::vector<MediaId>& ids, WallTime now) {
    for (const MediaId id : ids) {
        auto found = postgres::lock_upload(session, id);
        if (!found) {
            return std::move(found).error();
        }
        auto kept = found->kept(now);
        if (!kept) {
            return conflict(id, "its time is over");
        }
        postgres::send_upload(session, postgres::update_upload_sql, *kept);
    }
    return ok();
}

Result<void> drop_rows(
    Session& session, MediaId id, const std::vector<SegmentIndex>& indexes, WallTime now
) {
    auto current = postgres::lock_upload(session, id);
    if (!current) {
        return std::move(current).error();
    }
    if (current->state != UploadState::open) {
        return conflict(id, "the upload is not open");
    }
    for (const SegmentIndex index : indexes) {
        session.send(delete_segment_sql, id.value, index.value);
    }
    session.send(sum_up_again_sql, id.value, now);
    return ok();
}

}  // namespace

Result<void> PostgresMetadataStore::create(const Upload& upload, const CreateTerms& terms) {
    return database_->perform([&](Session& session) { return insert(session, upload, terms); });
}

Result<void> PostgresMetadataStore::create_whole(
    const Upload& upload, const Segment& segment, const NewJob& job, const CreateTerms& terms
) {
    return database_->perform([&](Session& session) -> Result<void> {
        if (auto done = insert(session, upload, terms); !done) {
            return done;
        }
        postgres::send_segment(session, upload.id, segment);
        return postgres::insert_job(session, job);
    });
}

Result<void> PostgresMetadataStore::add_segment(
    MediaId id, const Segment& segment, std::optional<ByteCount> stride, WallTime now
) {
    const auto added = database_->execute(
        add_segment_sql,
        id.value,
        segment.index.value,
        segment.extent.blob.value,
        segment.extent.offset,
        segment.extent.length,
        segment.crc32c,
        segment.received_at,
        stride,
        now
    );
    if (!added || *added == 1) {
        return added ? ok() : Result<void>(added.error());
    }
    auto upload = find_any(id);
    return upload ? conflict(id, "the segment does not fit the upload") : std::move(upload).error();
}

Result<void> PostgresMetadataStore::drop_segments(
    MediaId id, const std::vector<SegmentIndex>& indexes, WallTime now
) {
    return database_->perform([&](Session& session) { return drop_rows(session, id, indexes, now); }
    );
}

Result<void> PostgresMetadataStore::change(
    const Upload& upload, UploadState from, const std::optional<NewJob>& job
) {
    return database_->perform([&](Session& session) {
        return change_row(session, upload, from, job);
    });
}

Result<void> PostgresMetadataStore::keep_all(const std::vector<MediaId>& ids, WallTime now) {
    return database_->perform([&](Session& session) { return keep_rows(session, ids, now); });
}

Result<void> PostgresMetadataStore::forget_bytes(MediaId id) {
    return database_->perform([id](Session& session) -> Result<void> {
        for (const char* sql : drop_bytes_sql) {
            session.send(sql, id.value);
        }
        return session.execute(forget_bytes_sql, id.value) == 1 ? ok() : not_found(id);
    });
}

}  // namespace sluice
