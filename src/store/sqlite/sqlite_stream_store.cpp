// Uploads that come as one stream.
#include "base/do_each.hpp"
#include "store/sqlite/jobs.hpp"
#include "store/sqlite/reader_pool.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/sqlite_metadata_store.hpp"
#include "store/sqlite/statements.hpp"
#include "store/sqlite/write_queue.hpp"

namespace sluice {

using sqlite::Connection;
using sqlite::Statement;
using sqlite::stored;

namespace {

constexpr char extend_sql[] =
    "UPDATE uploads SET received = received + ?3, segments_received = segments_received + ?4, "
    "total = CASE WHEN length_known THEN total ELSE coalesce(?5, received + ?3) END, "
    "length_known = length_known OR ?5 IS NOT NULL, "
    "expires_at = max(expires_at, ?6), changed_at = ?7 "
    "WHERE id = ?1 AND state = 'open' AND kind IN ('stream', 'part') AND received = ?2 "
    "AND (NOT length_known OR (coalesce(?5, total) = total AND ?3 <= total - received)) "
    "AND received + ?3 <= coalesce(?5, received + ?3)";
constexpr char lengthen_sql[] =
    "UPDATE segments SET length = ?6, crc32c = ?7, received_at = ?8 "
    "WHERE upload = ?1 AND \"index\" = ?2 AND blob = ?3 AND \"offset\" = ?4 AND length = ?5";
constexpr char whole_part_sql[] =
    "SELECT 1 FROM uploads WHERE id = ?1 AND owner = ?2 AND kind = 'part' AND state = 'open' "
    "AND has_bytes = 1 AND length_known AND received = total";
constexpr char part_joined_sql[] = "UPDATE uploads SET is_joined = 1 WHERE id = ?1";
constexpr char used_by_owner_of_sql[] =
    "SELECT bytes FROM usage_of_owners WHERE owner = (SELECT owner FROM uploads WHERE id = ?1)";
constexpr char held_elsewhere_sql[] =
    "SELECT EXISTS (SELECT 1 FROM uploads WHERE id = ?2 AND id <> ?1 AND has_bytes = 1) "
    "OR EXISTS (SELECT 1 FROM segments WHERE blob = ?2 AND blob <> upload AND upload <> ?1 "
    "AND \"offset\" < ?3 + ?4 AND ?3 < \"offset\" + length)";

Error conflict(MediaId id, std::string detail) {
    return {.code = ErrorCode::store_conflict, .detail = std::move(detail), .media_id = id.value};
}

Result<void> lengthen_segment(
    Connection& connection, MediaId id, const Segment& segment, ByteCount before
) {
    auto changed = connection.execute(
        lengthen_sql,
        stored(id.value),
        std::int64_t{segment.index.value},
        stored(segment.extent.blob.value),
        stored(segment.extent.offset.value),
        stored(before.value),
        stored(segment.extent.length.value),
        std::int64_t{segment.crc32c},
        stored(segment.received_at)
    );
    if (!changed) {
        return std::move(changed).error();
    }
    return *changed == 1 ? ok() : conflict(id, "the segment is another than it was");
}

Result<ByteCount> used_by_owner_of(Connection& connection, MediaId id) {
    auto row = connection.query(used_by_owner_of_sql, stored(id.value));
    if (!row) {
        return std::move(row).error();
    }
    const auto is_there = row->step();
    return is_there ? Result<ByteCount>({static_cast<std::uint64_t>(row->integer(0))})
                    : is_there.error();
}

// Behind the change, which is undone with the refusal.
Result<void> check_growth(
    Connection& connection, MediaId id, ByteCount used_before, const Quota& quota
) {
    if (quota.bytes_max.value == 0) {
        return ok();
    }
    const auto used = used_by_owner_of(connection, id);
    if (!used) {
        return used.error();
    }
    return quota.admits_change(used_before, *used) ? ok()
                                                   : Error{.code = ErrorCode::quota_exceeded};
}

Result<void> extend_row(Connection& connection, const Extension& more) {
    auto changed = connection.execute(
        extend_sql,
        stored(more.id.value),
        stored(more.at.value),
        stored(more.growth().value),
        std::int64_t{more.adds_segment()},
        more.total ? std::optional(stored(more.total->value)) : std::nullopt,
        stored(more.expires_at),
        stored(more.now)
    );
    if (!changed) {
        return std::move(changed).error();
    }
    if (*changed != 1) {
        auto upload = sqlite::load_upload(connection, more.id);
        return upload ? conflict(more.id, "it does not follow the end of the stream")
                      : std::move(upload).error();
    }
    const Quota quota{.bytes_max = more.owner_bytes_max};
    if (auto fits = check_growth(connection, more.id, {}, quota); !fits) {
        return fits;
    }
    if (!more.segment) {
        return ok();
    }
    return more.adds_segment() ? sqlite::insert_segment(connection, more.id, *more.segment)
                               : lengthen_segment(connection, more.id, *more.segment, more.before);
}

Result<bool> is_whole_part(Connection& connection, const Principal& owner, MediaId part) {
    auto row = connection.query(whole_part_sql, stored(part.value), std::string_view(owner.id));
    if (!row) {
        return std::move(row).error();
    }
    return row->step();
}

Result<void> join_part(Connection& connection, const Upload& whole, MediaId part) {
    const auto is_whole = is_whole_part(connection, whole.owner, part);
    if (!is_whole || !*is_whole) {
        return is_whole ? conflict(whole.id, "a part is not there") : is_whole.error();
    }
    const auto joined = connection.execute(part_joined_sql, stored(part.value));
    return joined ? ok() : Result<void>(joined.error());
}

Result<void> join_rows(
    Connection& connection,
    const Upload& whole,
    const std::vector<Segment>& segments,
    const NewJob& job,
    const Quota& quota
) {
    const auto current = sqlite::load_upload(connection, whole.id);
    if (!current) {
        return current.error();
    }
    if (current->state != UploadState::open || current->stream.kind != UploadKind::joined) {
        return conflict(whole.id, "the upload is joined already, or over");
    }
    const auto used = used_by_owner_of(connection, whole.id);
    if (!used) {
        return used.error();
    }
    auto done = do_each(current->stream.parts, [&](MediaId part) {
        return join_part(connection, whole, part);
    });
    if (!done) {
        return done;
    }
    done = do_each(segments, [&](const Segment& segment) {
        return sqlite::insert_segment(connection, whole.id, segment);
    });
    if (!done) {
        return done;
    }
    if (done = sqlite::update_upload(connection, whole); !done) {
        return done;
    }
    if (auto fits = check_growth(connection, whole.id, *used, quota); !fits) {
        return fits;
    }
    return sqlite::insert_job(connection, job);
}

}  // namespace

Result<void> SqliteMetadataStore::extend(const Extension& more) {
    return database_->writer().perform([&more](Connection& connection) {
        return extend_row(connection, more);
    });
}

Result<void> SqliteMetadataStore::join(
    const Upload& whole, const std::vector<Segment>& segments, const NewJob& job, const Quota& quota
) {
    auto joined = database_->writer().perform(
        [&](Connection& connection) { return join_rows(connection, whole, segments, job, quota); },
        sqlite::Survives::power_loss
    );
    jobs_ahead_.added(job);
    return joined;
}

Result<std::vector<Upload>> SqliteMetadataStore::waiting_to_join(const Principal& owner) {
    const auto reader = database_->readers().borrow();
    auto row = (*reader).query(sqlite::uploads_to_join_sql, std::string_view(owner.id));
    if (!row) {
        return std::move(row).error();
    }
    std::vector<Upload> waiting;
    for (auto more = row->step(); !more || *more; more = row->step()) {
        auto upload = more ? sqlite::read_upload(*row) : std::move(more).error();
        if (!upload) {
            return std::move(upload).error();
        }
        waiting.push_back(*std::move(upload));
    }
    return waiting;
}

Result<bool> SqliteMetadataStore::is_held_elsewhere(MediaId id, const Extent& extent) {
    const auto reader = database_->readers().borrow();
    auto row = (*reader).query(
        held_elsewhere_sql,
        stored(id.value),
        stored(extent.blob.value),
        stored(extent.offset.value),
        stored(extent.length.value)
    );
    if (!row) {
        return std::move(row).error();
    }
    if (auto is_there = row->step(); !is_there) {
        return is_there;
    }
    return row->integer(0) != 0;
}

}  // namespace sluice
