// Uploads that come as one stream.
#include "store/postgres/postgres_metadata_store.hpp"
#include "store/postgres/rows.hpp"
#include "store/postgres/statements.hpp"

namespace sluice {

using postgres::conflict;
using postgres::Session;

namespace {

constexpr char extend_sql[] =
    "UPDATE uploads SET received = received + $3, segments_received = segments_received + $4, "
    "total = CASE WHEN length_known = 1 THEN total ELSE coalesce($5::bigint, received + $3) END, "
    "length_known = CASE WHEN $5::bigint IS NULL THEN length_known ELSE 1 END, "
    "expires_at = greatest(expires_at, $6), changed_at = $7 "
    "WHERE id = $1 AND state = 'open' AND kind IN ('stream', 'part') AND received = $2 "
    "AND stream_token = CASE WHEN $8::bigint = 0 THEN stream_token ELSE $8::bigint END "
    "AND (length_known = 0 OR (coalesce($5::bigint, total) = total AND $3 <= total - received)) "
    "AND received + $3 <= coalesce($5::bigint, received + $3)";
constexpr char lengthen_sql[] =
    "UPDATE segments SET length = $6, crc32c = $7, received_at = $8 "
    "WHERE upload = $1 AND index = $2 AND blob = $3 AND \"offset\" = $4 AND length = $5";
// The part stays as it is until the joined upload, which shares its bytes, is committed.
constexpr char whole_part_sql[] =
    "SELECT 1 FROM uploads WHERE id = $1 AND owner = $2 AND kind = 'part' AND state = 'open' "
    "AND has_bytes = 1 AND length_known = 1 AND received = total FOR NO KEY UPDATE";
constexpr char used_by_owner_of_sql[] =
    "SELECT bytes FROM usage_of_owners WHERE owner = (SELECT owner FROM uploads WHERE id = $1)";
// Whoever changes an upload of this owner waits from here on.
constexpr char lock_used_by_owner_of_sql[] =
    "SELECT bytes FROM usage_of_owners WHERE owner = (SELECT owner FROM uploads WHERE id = $1) "
    "FOR NO KEY UPDATE";
constexpr char part_joined_sql[] = "UPDATE uploads SET is_joined = 1 WHERE id = $1";
constexpr char held_elsewhere_sql[] =
    "SELECT (EXISTS (SELECT 1 FROM uploads WHERE id = $2 AND id <> $1 AND has_bytes = 1) "
    "OR EXISTS (SELECT 1 FROM segments WHERE blob = $2 AND blob <> upload AND upload <> $1 "
    "AND \"offset\" < $3::bigint + $4::bigint AND $3::bigint < \"offset\" + length))::int";

Result<void> lengthen_segment(Session& session, const Extension& more) {
    const Segment& segment = *more.segment;
    const auto changed = session.execute(
        lengthen_sql,
        more.id.value,
        segment.index.value,
        segment.extent.blob.value,
        segment.extent.offset,
        more.before,
        segment.extent.length,
        segment.crc32c,
        segment.received_at
    );
    return changed == 1 ? ok() : conflict(more.id, "the segment is another than it was");
}

// Behind the change, which has locked the owner's sum, and is undone with the refusal.
Result<void> check_growth(Session& session, MediaId id, ByteCount used_before, const Quota& quota) {
    if (quota.bytes_max.value == 0) {
        return ok();
    }
    const auto rows = session.query(used_by_owner_of_sql, id.value);
    const bool fits = rows.empty() || quota.admits_change(used_before, {rows.front().number(0)});
    return fits ? ok() : Error{.code = ErrorCode::quota_exceeded};
}

Result<void> extend_row(Session& session, const Extension& more) {
    const auto changed = session.execute(
        extend_sql,
        more.id.value,
        more.at,
        more.growth(),
        more.adds_segment(),
        more.total,
        more.expires_at,
        more.now,
        more.token
    );
    if (changed != 1) {
        auto upload = postgres::lock_upload(session, more.id);
        return upload ? conflict(more.id, "it does not follow the end of the stream")
                      : std::move(upload).error();
    }
    const Quota quota{.bytes_max = more.owner_bytes_max};
    if (auto fits = check_growth(session, more.id, {}, quota); !fits) {
        return fits;
    }
    if (more.adds_segment()) {
        postgres::send_segment(session, more.id, *more.segment);
    }
    return more.before.value > 0 ? lengthen_segment(session, more) : ok();
}

Result<void> join_rows(
    Session& session,
    const Upload& whole,
    const std::vector<Segment>& segments,
    const NewJob& job,
    const Quota& quota
) {
    const auto current = postgres::lock_upload(session, whole.id);
    if (!current) {
        return current.error();
    }
    if (current->state != UploadState::open || current->stream.kind != UploadKind::joined) {
        return conflict(whole.id, "the upload is joined already, or over");
    }
    for (const MediaId part : current->stream.parts) {
        if (session.query(whole_part_sql, part.value, whole.owner.id).empty()) {
            return conflict(whole.id, "a part is not there");
        }
    }
    const auto used = session.query(lock_used_by_owner_of_sql, whole.id.value);
    for (const MediaId part : current->stream.parts) {
        session.send(part_joined_sql, part.value);
    }
    for (const Segment& segment : segments) {
        postgres::send_segment(session, whole.id, segment);
    }
    postgres::send_upload(session, postgres::update_upload_sql, whole);
    const ByteCount before = used.empty() ? ByteCount{} : ByteCount{used.front().number(0)};
    if (auto fits = check_growth(session, whole.id, before, quota); !fits) {
        return fits;
    }
    return postgres::insert_job(session, job);
}

}  // namespace

Result<void> PostgresMetadataStore::extend(const Extension& more) {
    return database_->perform([&more](Session& session) { return extend_row(session, more); });
}

Result<void> PostgresMetadataStore::join(
    const Upload& whole, const std::vector<Segment>& segments, const NewJob& job, const Quota& quota
) {
    return database_->perform([&](Session& session) {
        return join_rows(session, whole, segments, job, quota);
    });
}

Result<bool> PostgresMetadataStore::is_held_elsewhere(MediaId id, const Extent& extent) {
    const auto rows = database_->query(
        held_elsewhere_sql, id.value, extent.blob.value, extent.offset, extent.length
    );
    return rows ? Result<bool>(rows->front().flag(0)) : rows.error();
}

}  // namespace sluice
