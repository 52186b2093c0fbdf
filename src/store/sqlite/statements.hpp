// The SQL texts of uploads, segments and outputs. Constants with bound parameters; a text's address
// is its key in the statement cache. Conditions on states are in the statements, so that they mean
// the same in any engine.
#pragma once

namespace sluice::sqlite {

// One list of columns for all reads; a macro, since only literals can be joined at compile time.
#define SLUICE_UPLOAD_COLUMNS                                                                \
    "id, owner, category, category_given, media_type, file_name, total, one_shot, state, "   \
    "received, segments_received, stride, progress_percent, progress_ends_at, "              \
    "progress_step, failure_code, failure_name, failure_reason, failure_message, attempts, " \
    "created_at, changed_at, expires_at, content_type, content_width, content_height, "      \
    "content_conversions, finalized_at, has_original, kind, length_known, parts, told, "     \
    "protocol, content_probed"

// OR FAIL where triggers write as well: what has failed in the middle is undone with all of its piece of work
// (WriteQueue), so a statement needs no journal of its own: 64 KiB and a copy of each page. INIT has one for an UPSERT.
inline constexpr char insert_upload_sql[] =
    "INSERT OR FAIL INTO uploads (" SLUICE_UPLOAD_COLUMNS
    ", has_bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, "
    "?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, "
    "?35, 1) ON CONFLICT (id) DO NOTHING";

// Two things only grow, whoever writes an older copy of the row: the expiry (kept meanwhile), and
// the progress within a state (measured meanwhile).
inline constexpr char update_upload_sql[] =
    "UPDATE uploads SET owner = ?2, category = ?3, category_given = ?4, media_type = ?5, "
    "file_name = ?6, total = ?7, one_shot = ?8, state = ?9, received = ?10, "
    "segments_received = ?11, stride = ?12, "
    "progress_percent = CASE WHEN state = ?9 THEN max(progress_percent, ?13) ELSE ?13 END, "
    "progress_ends_at = ?14, "
    "progress_step = ?15, failure_code = ?16, failure_name = ?17, failure_reason = ?18, "
    "failure_message = ?19, attempts = ?20, created_at = ?21, changed_at = ?22, "
    "expires_at = max(expires_at, ?23), "
    "content_type = ?24, content_width = ?25, content_height = ?26, content_conversions = ?27, "
    "finalized_at = coalesce(finalized_at, ?28), has_original = ?29, "
    "kind = ?30, length_known = ?31, parts = ?32, told = ?33, protocol = ?34, "
    "content_probed = ?35 "
    "WHERE id = ?1";
inline constexpr char uploads_to_join_sql[] =
    "SELECT " SLUICE_UPLOAD_COLUMNS
    " FROM uploads WHERE owner = ?1 AND kind = 'joined' AND state = 'open' ORDER BY id";
inline constexpr char find_upload_sql[] =
    "SELECT " SLUICE_UPLOAD_COLUMNS " FROM uploads WHERE id = ?1 AND owner = ?2";
inline constexpr char find_any_upload_sql[] =
    "SELECT " SLUICE_UPLOAD_COLUMNS " FROM uploads WHERE id = ?1";
inline constexpr char list_uploads_sql[] =
    "SELECT " SLUICE_UPLOAD_COLUMNS
    " FROM uploads WHERE owner = ?1 AND id < ?2 AND state NOT IN ('cancelled', 'expired') "
    "ORDER BY id DESC LIMIT ?3";
inline constexpr char list_all_uploads_sql[] =
    "SELECT " SLUICE_UPLOAD_COLUMNS
    " FROM uploads WHERE id < ?1 AND state NOT IN ('cancelled', 'expired') "
    "ORDER BY id DESC LIMIT ?2";
inline constexpr char oldest_open_sql[] =
    "SELECT " SLUICE_UPLOAD_COLUMNS
    " FROM uploads WHERE owner = ?1 AND state = 'open' ORDER BY id LIMIT ?2";
inline constexpr char usage_sql[] =
    "SELECT uploads_open, bytes FROM usage_of_owners WHERE owner = ?1";
inline constexpr char due_for_expiry_sql[] =  // the states as its index has them
    "SELECT " SLUICE_UPLOAD_COLUMNS
    " FROM uploads WHERE expires_at <= ?1 AND "
    "(state = 'open' OR state = 'ready' OR state = 'failed') ORDER BY expires_at, id LIMIT ?2";
inline constexpr char with_bytes_sql[] =
    "SELECT " SLUICE_UPLOAD_COLUMNS
    " FROM uploads WHERE id > ?1 AND has_bytes = 1 ORDER BY id LIMIT ?2";
inline constexpr char due_for_cleaning_sql[] =
    "SELECT id FROM uploads WHERE state IN ('cancelled', 'expired') AND has_bytes = 1 "
    "ORDER BY changed_at, id LIMIT ?1";

#undef SLUICE_UPLOAD_COLUMNS

inline constexpr char add_to_sums_sql[] =
    "UPDATE OR FAIL uploads SET received = received + ?2, segments_received = segments_received + "
    "1, "
    "stride = coalesce(stride, ?3), changed_at = ?4 "
    "WHERE id = ?1 AND state = 'open' AND ?2 <= total - received";
inline constexpr char insert_segment_sql[] =
    "INSERT INTO segments (upload, \"index\", blob, \"offset\", length, crc32c, received_at) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
inline constexpr char delete_segment_sql[] =
    "DELETE FROM segments WHERE upload = ?1 AND \"index\" = ?2";
inline constexpr char sum_up_again_sql[] =
    "UPDATE uploads SET received = (SELECT coalesce(sum(length), 0) FROM segments WHERE upload = "
    "?1), "
    "segments_received = (SELECT count(*) FROM segments WHERE upload = ?1), changed_at = ?2 "
    "WHERE id = ?1 AND state = 'open'";
inline constexpr char segments_sql[] =
    "SELECT \"index\", blob, \"offset\", length, crc32c, received_at FROM segments "
    "WHERE upload = ?1 ORDER BY \"index\"";

// An upload of now that is over, or will be at the next sweep, frees its key.
inline constexpr char free_repeat_key_sql[] =
    "DELETE FROM repeat_keys WHERE owner = ?1 AND key = ?2 AND NOT EXISTS (SELECT 1 FROM uploads "
    "WHERE id = repeat_keys.upload AND state NOT IN ('cancelled', 'expired') "
    "AND (expires_at > ?3 OR state NOT IN ('open', 'ready', 'failed')))";
inline constexpr char take_repeat_key_sql[] =
    "INSERT INTO repeat_keys (owner, key, asked, upload) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT (owner, key) DO NOTHING";
inline constexpr char find_repeat_sql[] =
    "SELECT r.upload, r.asked FROM repeat_keys r JOIN uploads u ON u.id = r.upload "
    "WHERE r.owner = ?1 AND r.key = ?2 AND u.state NOT IN ('cancelled', 'expired') "
    "AND (u.expires_at > ?3 OR u.state NOT IN ('open', 'ready', 'failed'))";
inline constexpr char forget_repeat_key_sql[] = "DELETE FROM repeat_keys WHERE upload = ?1";
inline constexpr char promised_sql[] = "SELECT bytes FROM promised_space";

inline constexpr char insert_output_sql[] =
    "INSERT INTO outputs (upload, position, name, content_type, blob, \"offset\", length, width, "
    "height, duration_ms, role, is_copied, placeholder, made_at, crc32c) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
inline constexpr char outputs_sql[] =
    "SELECT name, content_type, blob, \"offset\", length, width, height, duration_ms, role, "
    "is_copied, placeholder, made_at, crc32c FROM outputs WHERE upload = ?1 ORDER BY position";

inline constexpr char extents_sql[] =
    "SELECT id, 0, total FROM uploads WHERE id = ?1 AND has_bytes = 1 "
    "UNION ALL SELECT blob, \"offset\", length FROM segments WHERE upload = ?1 AND blob <> 0 "
    "AND blob <> ?1 "
    "UNION ALL SELECT blob, \"offset\", length FROM outputs WHERE upload = ?1 AND blob <> 0 "
    "ORDER BY 1, 2";
inline constexpr char knows_blob_sql[] =
    "SELECT EXISTS (SELECT 1 FROM uploads WHERE id = ?1 AND has_bytes = 1 AND has_original = 1) "
    "OR EXISTS (SELECT 1 FROM segments WHERE blob = ?1 AND blob <> upload) "
    "OR EXISTS (SELECT 1 FROM outputs WHERE blob = ?1)";
inline constexpr char extents_in_sql[] =
    "SELECT blob, \"offset\", length FROM segments WHERE blob = ?1 AND blob <> upload "
    "UNION ALL SELECT blob, \"offset\", length FROM outputs WHERE blob = ?1 ORDER BY 2";
inline constexpr char forget_places_sql[] =
    "UPDATE segments SET blob = 0, \"offset\" = 0 WHERE upload = ?1";
inline constexpr char delete_segments_sql[] = "DELETE FROM segments WHERE upload = ?1";
inline constexpr char delete_outputs_sql[] = "DELETE FROM outputs WHERE upload = ?1";
inline constexpr char forget_bytes_sql[] = "UPDATE uploads SET has_bytes = 0 WHERE id = ?1";
inline constexpr char upload_exists_sql[] = "SELECT 1 FROM uploads WHERE id = ?1";
// Each half ends at the first row of an index. Numbers of shared blobs are negative here.
inline constexpr char newest_number_sql[] =
    "SELECT max(0, coalesce((SELECT max(id) FROM uploads), 0), "
    "coalesce((SELECT max(id) FROM jobs), 0), "
    "coalesce((SELECT blob FROM segments WHERE blob <> upload ORDER BY blob DESC LIMIT 1), 0), "
    "coalesce((SELECT blob FROM outputs ORDER BY blob DESC LIMIT 1), 0))";
inline constexpr char totals_sql[] =
    "SELECT (SELECT count(*) FROM uploads INDEXED BY uploads_open_of_owner WHERE state = 'open'), "
    "count(*) FILTER (WHERE j.state = 'waiting'), count(*) FILTER (WHERE j.state = 'leased') "
    "FROM jobs j WHERE EXISTS (SELECT 1 FROM uploads u WHERE u.id = j.media "
    "AND u.state IN ('queued', 'processing'))";
inline constexpr char crashed_sql[] =
    "SELECT id FROM uploads WHERE owner = ?1 AND total = ?2 AND state = 'failed' "
    "AND failure_reason = 'WorkerCrashed' AND changed_at > ?3 ORDER BY id LIMIT 5";

}  // namespace sluice::sqlite
