#include "server/copy_rows.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace sluice::server {
namespace {

using postgres::Parameter;
using postgres::Session;

// In the order of their references. The texts live as long as the program, as both engines demand.
struct Table {
    const char* name;
    int columns;
    const char* select;
    const char* insert;
};

#define SLUICE_COPY(table, columns, names, places)               \
    Table{                                                       \
        #table,                                                  \
        columns,                                                 \
        "SELECT " names " FROM " #table,                         \
        "INSERT INTO " #table " (" names ") VALUES (" places ")" \
    }

constexpr std::array tables{
    SLUICE_COPY(
        uploads,
        37,
        "id, owner, category, category_given, media_type, file_name, total, one_shot, state, "
        "received, segments_received, stride, progress_percent, progress_ends_at, progress_step, "
        "failure_code, failure_name, failure_reason, failure_message, attempts, created_at, "
        "changed_at, expires_at, content_type, content_width, content_height, "
        "content_conversions, finalized_at, has_original, kind, length_known, parts, told, "
        "protocol, content_probed, has_bytes, is_joined",
        "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, "
        "$20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37"
    ),
    SLUICE_COPY(
        segments,
        7,
        "upload, \"index\", blob, \"offset\", length, crc32c, received_at",
        "$1, $2, $3, $4, $5, $6, $7"
    ),
    SLUICE_COPY(
        outputs,
        15,
        "upload, position, name, content_type, blob, \"offset\", length, width, height, "
        "duration_ms, role, is_copied, placeholder, made_at, crc32c",
        "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15"
    ),
    SLUICE_COPY(
        jobs,
        14,
        "id, media, run_at, cost_expected_ms, lane, rank, attempt, failures, crashes, is_suspect, "
        "fence, holder, lease_until, state",
        "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14"
    ),
    SLUICE_COPY(repeat_keys, 4, "owner, key, asked, upload", "$1, $2, $3, $4"),
    SLUICE_COPY(attachments, 2, "upload, is_shared", "$1, $2"),
    SLUICE_COPY(additional_owners, 2, "upload, owner", "$1, $2"),
    SLUICE_COPY(media_metadata, 3, "upload, member, json", "$1, $2, $3"),
    SLUICE_COPY(subtitle_tracks, 4, "video, language, subtitles, display_name", "$1, $2, $3, $4"),
    SLUICE_COPY(media_claims, 3, "upload, used_by, at", "$1, $2, $3"),
    SLUICE_COPY(
        timeline,
        17,
        "upload, position, weight, at, last_at, count, call, status, code, facts, segment, bytes, "
        "duration_ms, request_id, advised_s, asked_after_ms, advised_before_s",
        "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17"
    ),
    SLUICE_COPY(
        keys,
        14,
        "id, name, user_id, app_name, scopes, created_at, expires_at, revoked_at, bearer_digest, "
        "app_bearer_digest, consumer_key, consumer_secret, access_token, access_token_secret",
        "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14"
    ),
    SLUICE_COPY(nonces, 3, "key, timestamp, digest", "$1, $2, $3"),
    SLUICE_COPY(ended_sessions, 2, "mark, until", "$1, $2"),
    SLUICE_COPY(doubts, 4, "upload, is_final, facts, since", "$1, $2, $3, $4"),
};

#undef SLUICE_COPY

constexpr char is_empty_sql[] =
    "SELECT (EXISTS (SELECT 1 FROM uploads) OR EXISTS (SELECT 1 FROM keys) "
    "OR EXISTS (SELECT 1 FROM installation))::int";
constexpr char mark_sql[] = "INSERT INTO installation (key, value) VALUES ('storage', $1)";
// Rows that go out in one flight.
constexpr std::uint64_t flight = 500;

Parameter value_in(const sqlite::Statement& row, int column) {
    return row.optional_integer(column) ? Parameter(row.text(column))
                                        : Parameter(std::optional<std::int64_t>());
}

Result<std::uint64_t> copy_table(sqlite::Connection& from, Session& to, const Table& table) {
    auto row = from.query(table.select);
    if (!row) {
        return std::move(row).error();
    }
    for (std::uint64_t count = 0;; ++count) {
        auto is_there = row->step();
        if (!is_there) {
            return std::move(is_there).error();
        }
        if (!*is_there || to.failure()) {
            to.finish();
            return count;
        }
        std::vector<Parameter> values;
        values.reserve(static_cast<std::size_t>(table.columns));
        for (int column = 0; column < table.columns; ++column) {
            values.push_back(value_in(*row, column));
        }
        to.send_all(table.insert, values);
        if (count % flight == flight - 1) {
            to.finish();
        }
    }
}

Result<std::vector<CopiedTable>> copy_all(
    sqlite::Connection& from, Session& to, const std::string& mark
) {
    const auto found = to.query(is_empty_sql);
    if (!found.empty() && found.front().flag(0)) {
        return Error{
            .code = ErrorCode::storage_failed,
            .facts = "The database is in use already. Rows can be copied into an empty one only."
        };
    }
    to.send(mark_sql, mark);
    std::vector<CopiedTable> copied;
    for (const Table& table : tables) {
        auto rows = copy_table(from, to, table);
        if (!rows) {
            return std::move(rows).error();
        }
        copied.push_back({table.name, *rows});
    }
    return copied;
}

}  // namespace

Result<std::vector<CopiedTable>> copy_rows(
    sqlite::Connection& from, PostgresDatabase& to, const std::string& mark
) {
    std::vector<CopiedTable> copied;
    auto done = to.perform([&](Session& session) -> Result<void> {
        auto all = copy_all(from, session, mark);
        if (!all) {
            return std::move(all).error();
        }
        copied = *std::move(all);
        return ok();
    });
    return done ? Result<std::vector<CopiedTable>>(std::move(copied)) : std::move(done).error();
}

}  // namespace sluice::server
