// The SQL texts of uploads, segments and outputs: constants with bound parameters; a text's address
// is its name in a session. A decision that the store makes rests on a condition of the statement
// that changes the row, or on a row that is locked: transactions run beside each other here.
#pragma once

namespace sluice::postgres {

// One list of columns for all reads; a macro, since only literals can be joined at compile time.
#define SLUICE_UPLOAD_COLUMNS                                                                \
    "id, owner, category, category_given, media_type, file_name, total, one_shot, state, "   \
    "received, segments_received, stride, progress_percent, progress_ends_at, "              \
    "progress_step, failure_code, failure_name, failure_reason, failure_message, attempts, " \
    "created_at, changed_at, expires_at, content_type, content_width, content_height, "      \
    "content_conversions, finalized_at, has_original, kind, length_known, parts, told, "     \
    "protocol, content_probed"

inline constexpr char insert_upload_sql[] =
    "INSERT INTO uploads (" SLUICE_UPLOAD_COLUMNS
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, "
    "$19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35)";

// Two things only grow, whoever writes an older copy of the row: the expiry (kept meanwhile), and
// the progress within a state (measured meanwhile).
inline constexpr char update_upload_sql[] =
    "UPDATE uploads SET owner = $2, category = $3, category_given = $4, media_type = $5, "
    "file_name = $6, total = $7, one_shot = $8, state = $9, received = $10, "
    "segments_received = $11, stride = $12, "
    "progress_percent = CASE WHEN state = $9 THEN greatest(progress_percent, $13) ELSE $13 END, "
    "progress_ends_at = $14, progress_step = $15, failure_code = $16, failure_name = $17, "
    "failure_reason = $18, failure_message = $19, attempts = $20, created_at = $21, "
    "changed_at = $22, expires_at = greatest(expires_at, $23), content_type = $24, "
    "content_width = $25, content_height = $26, content_conversions = $27, "
    "finalized_at = coalesce(finalized_at, $28), has_original = $29, kind = $30, "
    "length_known = $31, parts = $32, told = $33, protocol = $34, content_probed = $35 "
    "WHERE id = $1";

#define SLUICE_SELECT_UPLOADS "SELECT " SLUICE_UPLOAD_COLUMNS " FROM uploads WHERE "
inline constexpr char lock_upload_sql[] = SLUICE_SELECT_UPLOADS "id = $1 FOR NO KEY UPDATE";
inline constexpr char uploads_to_join_sql[] =
    SLUICE_SELECT_UPLOADS "owner = $1 AND kind = 'joined' AND state = 'open' ORDER BY id";
inline constexpr char find_upload_sql[] = SLUICE_SELECT_UPLOADS "id = $1 AND owner = $2";
inline constexpr char find_any_upload_sql[] = SLUICE_SELECT_UPLOADS "id = $1";
inline constexpr char list_uploads_sql[] = SLUICE_SELECT_UPLOADS
    "owner = $1 AND id < $2 AND state NOT IN ('cancelled', 'expired') ORDER BY id DESC LIMIT $3";
inline constexpr char list_all_uploads_sql[] = SLUICE_SELECT_UPLOADS
    "id < $1 AND state NOT IN ('cancelled', 'expired') ORDER BY id DESC LIMIT $2";
inline constexpr char oldest_open_sql[] =
    SLUICE_SELECT_UPLOADS "owner = $1 AND state = 'open' ORDER BY id LIMIT $2";
inline constexpr char due_for_expiry_sql[] = SLUICE_SELECT_UPLOADS
    "expires_at <= $1 AND state IN ('open', 'ready', 'failed') ORDER BY expires_at, id LIMIT $2";
inline constexpr char with_bytes_sql[] =
    SLUICE_SELECT_UPLOADS "id > $1 AND has_bytes = 1 ORDER BY id LIMIT $2";

#undef SLUICE_SELECT_UPLOADS
#undef SLUICE_UPLOAD_COLUMNS

inline constexpr char due_for_cleaning_sql[] =
    "SELECT id FROM uploads WHERE state IN ('cancelled', 'expired') AND has_bytes = 1 "
    "ORDER BY changed_at, id LIMIT $1";
inline constexpr char usage_sql[] =
    "SELECT uploads_open, bytes FROM usage_of_owners WHERE owner = $1";

inline constexpr char insert_segment_sql[] =
    "INSERT INTO segments (upload, index, blob, \"offset\", length, crc32c, received_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7)";
inline constexpr char segments_sql[] =
    "SELECT index, blob, \"offset\", length, crc32c, received_at FROM segments WHERE upload = $1 "
    "ORDER BY index";

inline constexpr char insert_output_sql[] =
    "INSERT INTO outputs (upload, position, name, content_type, blob, \"offset\", length, width, "
    "height, duration_ms, role, is_copied, placeholder, made_at, crc32c) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
inline constexpr char delete_outputs_sql[] = "DELETE FROM outputs WHERE upload = $1";
inline constexpr char outputs_sql[] =
    "SELECT name, content_type, blob, \"offset\", length, width, height, duration_ms, role, "
    "is_copied, placeholder, made_at, crc32c FROM outputs WHERE upload = $1 ORDER BY position";

inline constexpr char insert_job_sql[] =
    "INSERT INTO jobs (id, media, run_at, cost_expected_ms, lane, rank, attempt, fence, state) "
    "VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 'waiting') ON CONFLICT DO NOTHING";

}  // namespace sluice::postgres
