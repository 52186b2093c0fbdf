// What PostgresMetadataStore reads.
#include <limits>

#include "store/postgres/postgres_metadata_store.hpp"
#include "store/postgres/rows.hpp"
#include "store/postgres/statements.hpp"

namespace sluice {

using postgres::not_found;
using postgres::Row;
using postgres::Rows;
using postgres::Session;

namespace {

constexpr char find_repeat_sql[] =
    "SELECT r.upload, r.asked FROM repeat_keys r JOIN uploads u ON u.id = r.upload "
    "WHERE r.owner = $1 AND r.key = $2 AND u.state NOT IN ('cancelled', 'expired') "
    "AND (u.expires_at > $3 OR u.state NOT IN ('open', 'ready', 'failed'))";
constexpr char promised_sql[] = "SELECT coalesce(sum(bytes), 0)::bigint FROM promised_space";
constexpr char upload_exists_sql[] = "SELECT 1 FROM uploads WHERE id = $1";
constexpr char extents_sql[] =
    "SELECT id, 0, total FROM uploads WHERE id = $1 AND has_bytes = 1 "
    "UNION ALL SELECT blob, \"offset\", length FROM segments WHERE upload = $1 AND blob <> 0 "
    "AND blob <> $1 "
    "UNION ALL SELECT blob, \"offset\", length FROM outputs WHERE upload = $1 AND blob <> 0 "
    "ORDER BY 1, 2";
constexpr char knows_blob_sql[] =
    "SELECT (EXISTS (SELECT 1 FROM uploads WHERE id = $1 AND has_bytes = 1 AND has_original = 1) "
    "OR EXISTS (SELECT 1 FROM segments WHERE blob = $1 AND blob <> upload) "
    "OR EXISTS (SELECT 1 FROM outputs WHERE blob = $1))::int";
constexpr char named_among_sql[] =
    "SELECT id FROM uploads WHERE id = ANY($1::bigint[]) AND has_bytes = 1 AND has_original = 1 "
    "UNION SELECT blob FROM segments WHERE blob = ANY($1::bigint[]) AND blob <> upload "
    "UNION SELECT blob FROM outputs WHERE blob = ANY($1::bigint[])";
constexpr char extents_in_sql[] =
    "SELECT blob, \"offset\", length FROM segments WHERE blob = $1 AND blob <> upload "
    "UNION ALL SELECT blob, \"offset\", length FROM outputs WHERE blob = $1 ORDER BY 2";
// Each part ends at the first row of an index. Numbers of shared blobs are negative here.
constexpr char newest_number_sql[] =
    "SELECT greatest(0, (SELECT max(id) FROM uploads), (SELECT max(id) FROM jobs), "
    "(SELECT blob FROM segments WHERE blob <> upload ORDER BY blob DESC LIMIT 1), "
    "(SELECT blob FROM outputs ORDER BY blob DESC LIMIT 1))";
constexpr char totals_sql[] =
    "SELECT (SELECT count(*) FROM uploads WHERE state = 'open'), "
    "count(*) FILTER (WHERE j.state = 'waiting'), count(*) FILTER (WHERE j.state = 'leased') "
    "FROM jobs j WHERE EXISTS (SELECT 1 FROM uploads u WHERE u.id = j.media "
    "AND u.state IN ('queued', 'processing'))";
constexpr char crashed_sql[] =
    "SELECT id FROM uploads WHERE owner = $1 AND total = $2 AND state = 'failed' "
    "AND failure_reason = 'WorkerCrashed' AND changed_at > $3 ORDER BY id LIMIT 5";

std::int64_t below(MediaId before) {
    return before.value == 0 ? std::numeric_limits<std::int64_t>::max()
                             : static_cast<std::int64_t>(before.value);
}

Result<std::vector<Upload>> uploads_in(Result<Rows> rows) {
    return rows ? postgres::read_uploads(*rows)
                : Result<std::vector<Upload>>(std::move(rows).error());
}

// The rows are asked for one more than the page has.
Result<UploadPage> page_of(Result<Rows> rows, std::uint32_t count_max) {
    auto uploads = uploads_in(std::move(rows));
    if (!uploads) {
        return std::move(uploads).error();
    }
    UploadPage page{.uploads = *std::move(uploads)};
    page.has_more = page.uploads.size() > count_max;
    if (page.has_more) {
        page.uploads.pop_back();
    }
    return page;
}

Result<std::vector<MediaId>> ids_in(const Result<Rows>& rows) {
    if (!rows) {
        return rows.error();
    }
    std::vector<MediaId> ids;
    for (const Row row : *rows) {
        ids.push_back({row.number(0)});
    }
    return ids;
}

// Answers of an upload and of its segments.
Result<UploadWithSegments> whole(MediaId id, const Result<std::vector<Rows>>& answers) {
    if (!answers) {
        return answers.error();
    }
    const Rows& uploads = answers->front();
    if (uploads.empty()) {
        return not_found(id);
    }
    auto upload = postgres::read_upload(uploads.front());
    if (!upload) {
        return std::move(upload).error();
    }
    return UploadWithSegments{*std::move(upload), postgres::read_segments(answers->back())};
}

// What hangs on an upload that is there.
Result<Rows> of_upload(PostgresDatabase& database, const char* sql, MediaId id) {
    auto answers = database.snapshot([&](Session& session) {
        session.send(upload_exists_sql, id.value);
        session.send(sql, id.value);
    });
    if (!answers) {
        return std::move(answers).error();
    }
    return answers->front().empty() ? not_found(id) : Result<Rows>(answers->back());
}

}  // namespace

Result<Upload> PostgresMetadataStore::find(const Principal& owner, MediaId id) {
    const auto rows = database_->query(postgres::find_upload_sql, id.value, owner.id);
    if (!rows || rows->empty()) {
        return rows ? not_found(id) : rows.error();
    }
    return postgres::read_upload(rows->front());
}

Result<UploadWithSegments> PostgresMetadataStore::find_with_segments(
    const Principal& owner, MediaId id
) {
    return whole(id, database_->snapshot([&](Session& session) {
        session.send(postgres::find_upload_sql, id.value, owner.id);
        session.send(postgres::segments_sql, id.value);
    }));
}

Result<UploadWithSegments> PostgresMetadataStore::find_any(MediaId id) {
    return whole(id, database_->snapshot([&](Session& session) {
        session.send(postgres::find_any_upload_sql, id.value);
        session.send(postgres::segments_sql, id.value);
    }));
}

Result<UploadPage> PostgresMetadataStore::list(
    const Principal& owner, MediaId before, std::uint32_t count_max
) {
    const auto limit = std::int64_t{count_max} + 1;
    return page_of(
        database_->query(postgres::list_uploads_sql, owner.id, below(before), limit), count_max
    );
}

Result<UploadPage> PostgresMetadataStore::list_all(MediaId before, std::uint32_t count_max) {
    const auto limit = std::int64_t{count_max} + 1;
    return page_of(
        database_->query(postgres::list_all_uploads_sql, below(before), limit), count_max
    );
}

Result<std::optional<Repeated>> PostgresMetadataStore::find_repeat(
    const Principal& owner, const std::string& key, WallTime now
) {
    const auto rows = database_->query(find_repeat_sql, owner.id, key, now);
    if (!rows || rows->empty()) {
        return rows ? Result<std::optional<Repeated>>(std::nullopt) : rows.error();
    }
    const Row row = rows->front();
    return std::optional(Repeated{{row.number(0)}, row.text(1)});
}

Result<ByteCount> PostgresMetadataStore::promised() {
    const auto rows = database_->query(promised_sql);
    return rows ? Result<ByteCount>(ByteCount{rows->front().number(0)}) : rows.error();
}

Result<Usage> PostgresMetadataStore::usage_of(const Principal& owner) {
    const auto rows = database_->query(postgres::usage_sql, owner.id);
    if (!rows || rows->empty()) {
        return rows ? Result<Usage>(Usage{}) : rows.error();
    }
    const Row row = rows->front();
    return Usage{.uploads_open = row.number(0), .bytes = {row.number(1)}};
}

Result<std::vector<Upload>> PostgresMetadataStore::oldest_open(
    const Principal& owner, std::uint32_t count_max
) {
    return uploads_in(database_->query(postgres::oldest_open_sql, owner.id, count_max));
}

Result<std::vector<Upload>> PostgresMetadataStore::due_for_expiry(
    WallTime now, std::uint32_t count_max
) {
    return uploads_in(database_->query(postgres::due_for_expiry_sql, now, count_max));
}

Result<std::vector<Upload>> PostgresMetadataStore::with_bytes(
    MediaId after, std::uint32_t count_max
) {
    return uploads_in(database_->query(postgres::with_bytes_sql, after.value, count_max));
}

Result<std::vector<Upload>> PostgresMetadataStore::waiting_to_join(const Principal& owner) {
    return uploads_in(database_->query(postgres::uploads_to_join_sql, owner.id));
}

Result<std::vector<MediaId>> PostgresMetadataStore::due_for_cleaning(std::uint32_t count_max) {
    return ids_in(database_->query(postgres::due_for_cleaning_sql, count_max));
}

Result<std::vector<Extent>> PostgresMetadataStore::extents_of(MediaId id) {
    const auto rows = of_upload(*database_, extents_sql, id);
    return rows ? postgres::read_extents(*rows) : Result<std::vector<Extent>>(rows.error());
}

Result<bool> PostgresMetadataStore::knows_blob(BlobId blob) {
    const auto rows = database_->query(knows_blob_sql, blob.value);
    return rows ? Result<bool>(blob.value != 0 && rows->front().flag(0)) : rows.error();
}

Result<std::vector<BlobId>> PostgresMetadataStore::named_among(const std::vector<BlobId>& blobs) {
    std::string wanted;
    for (const BlobId blob : blobs) {
        if (blob.value != 0) {
            wanted +=
                (wanted.empty() ? "" : ",") + std::to_string(static_cast<std::int64_t>(blob.value));
        }
    }
    const auto rows = database_->query(named_among_sql, "{" + wanted + "}");
    if (!rows) {
        return rows.error();
    }
    std::vector<BlobId> named;
    for (const Row row : *rows) {
        named.push_back({row.number(0)});
    }
    return named;
}

Result<std::vector<Extent>> PostgresMetadataStore::extents_in(BlobId shared) {
    const auto rows = database_->query(extents_in_sql, shared.value);
    return rows ? postgres::read_extents(*rows) : Result<std::vector<Extent>>(rows.error());
}

Result<std::vector<Output>> PostgresMetadataStore::outputs(MediaId id) {
    const auto rows = of_upload(*database_, postgres::outputs_sql, id);
    if (!rows) {
        return rows.error();
    }
    std::vector<Output> outputs;
    for (const Row row : *rows) {
        outputs.push_back(postgres::read_output(row));
    }
    return outputs;
}

Result<std::vector<MediaId>> PostgresMetadataStore::crashed_since(
    const Principal& owner, ByteCount total, WallTime since
) {
    return ids_in(database_->query(crashed_sql, owner.id, total, since));
}

Result<StoreTotals> PostgresMetadataStore::totals() {
    const auto rows = database_->query(totals_sql);
    if (!rows) {
        return rows.error();
    }
    const Row row = rows->front();
    return StoreTotals{
        .uploads_open = row.number(0),
        .jobs_queued = row.number(1),
        .jobs_running = row.number(2),
    };
}

Result<std::uint64_t> PostgresMetadataStore::newest_number() {
    const auto rows = database_->query(newest_number_sql);
    return rows ? Result<std::uint64_t>(rows->front().number(0)) : rows.error();
}

}  // namespace sluice
