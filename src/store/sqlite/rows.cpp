#include "store/sqlite/rows.hpp"

#include "store/sqlite/statements.hpp"

namespace sluice::sqlite {
namespace {

constexpr char move_upload_sql[] =
    "UPDATE OR FAIL uploads SET category = ?2, state = ?3, changed_at = ?4, "
    "finalized_at = coalesce(finalized_at, ?5) WHERE id = ?1";
// Of one that was open, with so many segments and bytes: all else of its row is as it was made, or only
// grows.
constexpr char close_upload_sql[] =
    "UPDATE OR FAIL uploads SET category = ?2, state = ?3, changed_at = ?4, "
    "finalized_at = coalesce(finalized_at, ?5) "
    "WHERE id = ?1 AND state = 'open' AND segments_received = ?6 AND received = ?7";
// Of a joined upload that is over, the parts that no other one has. The last condition but one is that of an index.
constexpr char parts_count_again_sql[] =
    "UPDATE uploads SET is_joined = 0 WHERE owner = ?1 AND state = 'open' AND is_joined = 1 "
    "AND instr(' ' || ?2 || ' ', ' ' || id || ' ') > 0 "
    "AND NOT EXISTS (SELECT 1 FROM uploads AS other WHERE other.owner = ?1 "
    "AND other.kind = 'joined' AND other.state <> 'open' "
    "AND other.state NOT IN ('cancelled', 'expired') "
    "AND instr(' ' || other.parts || ' ', ' ' || uploads.id || ' ') > 0)";

std::uint64_t number(const Statement& row, int column) {
    return static_cast<std::uint64_t>(row.integer(column));
}

std::optional<WallTime> optional_time(const Statement& row, int column) {
    const auto milliseconds = row.optional_integer(column);
    return milliseconds ? std::optional(time_from(*milliseconds)) : std::nullopt;
}

std::optional<std::int64_t> stored(const std::optional<ByteCount>& count) {
    return count ? std::optional(sqlite::stored(count->value)) : std::nullopt;
}

std::optional<std::int64_t> stored(const std::optional<WallTime>& time) {
    return time ? std::optional(sqlite::stored(*time)) : std::nullopt;
}

std::optional<ProcessingFailure> read_failure(const Statement& row) {
    const auto code = row.optional_integer(15);
    if (!code) {
        return std::nullopt;
    }
    return ProcessingFailure{
        .code = static_cast<int>(*code),
        .name = row.text(16),
        .reason = row.text(17),
        .message = row.text(18),
    };
}

Error conflict(std::string detail) {
    return {.code = ErrorCode::store_conflict, .detail = std::move(detail)};
}

// Both statements take the columns in the same order.
Result<std::int64_t> write_upload(Connection& connection, const char* sql, const Upload& upload) {
    const ProcessingFailure failure = upload.failure.value_or(ProcessingFailure{});
    const auto failure_code =
        upload.failure ? std::optional(std::int64_t{failure.code}) : std::nullopt;
    const std::string parts = text_of(upload.stream.parts);
    return connection.execute(
        sql,
        sqlite::stored(upload.id.value),
        std::string_view(upload.owner.id),
        name_of(upload.category),
        std::int64_t{upload.category_given},
        std::string_view(upload.media_type),
        std::string_view(upload.file_name),
        sqlite::stored(upload.total.value),
        std::int64_t{upload.one_shot},
        name_of(upload.state),
        sqlite::stored(upload.received.value),
        std::int64_t{upload.segments_received},
        stored(upload.stride),
        std::int64_t{upload.progress.percent},
        stored(upload.progress.ends_at),
        std::string_view(upload.progress.step),
        failure_code,
        std::string_view(failure.name),
        std::string_view(failure.reason),
        std::string_view(failure.message),
        std::int64_t{upload.attempts},
        sqlite::stored(upload.created_at),
        sqlite::stored(upload.changed_at),
        sqlite::stored(upload.expires_at),
        std::string_view(upload.content.media_type),
        std::int64_t{upload.content.width},
        std::int64_t{upload.content.height},
        std::string_view(upload.content.conversions),
        stored(upload.finalized_at),
        std::int64_t{upload.has_original},
        name_of(upload.stream.kind),
        std::int64_t{upload.stream.length_known},
        std::string_view(parts),
        std::string_view(upload.stream.told),
        std::string_view(upload.protocol),
        std::string_view(upload.content.probed)
    );
}

bool only_moves(const Upload& stands, const Upload& upload) {
    Upload moved = stands;
    moved.state = upload.state;
    moved.category = upload.category;
    moved.changed_at = upload.changed_at;
    moved.finalized_at = upload.finalized_at;
    return moved == upload;
}

// Of a joined upload that is over its parts count as before it was joined.
Result<void> count_parts_again(Connection& connection, const Upload& upload) {
    if (upload.stream.kind != UploadKind::joined || !upload.is_over()) {
        return ok();
    }
    const std::string parts = text_of(upload.stream.parts);
    auto done = connection.execute(
        parts_count_again_sql, std::string_view(upload.owner.id), std::string_view(parts)
    );
    return done ? ok() : Result<void>(std::move(done).error());
}

Result<void> updated(Result<std::int64_t> changed) {
    if (!changed) {
        return std::move(changed).error();
    }
    return *changed == 1 ? ok() : Error{.code = ErrorCode::store_not_found};
}

}  // namespace

Result<Upload> read_upload(const Statement& row) {
    const auto category = parse_category(row.text(2));
    const auto state = parse_upload_state(row.text(8));
    const auto kind = parse_upload_kind(row.text(29));
    if (!category || !state || !kind) {
        return Error{.code = ErrorCode::storage_failed, .detail = "unreadable row in uploads"};
    }
    const auto stride = row.optional_integer(11);
    Upload upload;
    upload.id = {number(row, 0)};
    upload.owner = {row.text(1)};
    upload.category = *category;
    upload.category_given = row.integer(3) != 0;
    upload.media_type = row.text(4);
    upload.file_name = row.text(5);
    upload.total = {number(row, 6)};
    upload.one_shot = row.integer(7) != 0;
    upload.state = *state;
    upload.received = {number(row, 9)};
    upload.segments_received = static_cast<std::uint32_t>(row.integer(10));
    upload.stride = stride ? std::optional(ByteCount{number(row, 11)}) : std::nullopt;
    upload.progress = {static_cast<int>(row.integer(12)), optional_time(row, 13), row.text(14)};
    upload.failure = read_failure(row);
    upload.attempts = static_cast<int>(row.integer(19));
    upload.created_at = time_from(row.integer(20));
    upload.changed_at = time_from(row.integer(21));
    upload.expires_at = time_from(row.integer(22));
    upload.finalized_at = optional_time(row, 27);
    upload.has_original = row.integer(28) != 0;
    upload.stream = {*kind, row.integer(30) != 0, parse_parts(row.text(31)), row.text(32)};
    upload.protocol = row.text(33);
    upload.content = {
        .media_type = row.text(23),
        .width = static_cast<std::uint32_t>(row.integer(24)),
        .height = static_cast<std::uint32_t>(row.integer(25)),
        .conversions = row.text(26),
        .probed = row.text(34),
    };
    return upload;
}

Extent read_extent(const Statement& row, int column) {
    return {{number(row, column)}, {number(row, column + 1)}, {number(row, column + 2)}};
}

Segment read_segment(const Statement& row) {
    return {
        .index = {static_cast<std::uint16_t>(row.integer(0))},
        .extent = read_extent(row, 1),
        .crc32c = static_cast<std::uint32_t>(row.integer(4)),
        .received_at = time_from(row.integer(5)),
    };
}

Output read_output(const Statement& row) {
    return {
        .name = row.text(0),
        .content_type = row.text(1),
        .extent = read_extent(row, 2),
        .width = static_cast<std::uint32_t>(row.integer(5)),
        .height = static_cast<std::uint32_t>(row.integer(6)),
        .duration_ms = number(row, 7),
        .role = parse_output_role(row.text(8)).value_or(OutputRole::rendition),
        .is_copied = row.integer(9) != 0,
        .placeholder = row.text(10),
        .made_at = optional_time(row, 11),
        .crc32c = row.optional_integer(12),
    };
}

Result<ByteCount> load_promised(Connection& connection) {
    auto row = connection.query(promised_sql);
    if (!row) {
        return std::move(row).error();
    }
    auto is_there = row->step();
    if (!is_there) {
        return std::move(is_there).error();
    }
    return ByteCount{*is_there ? static_cast<std::uint64_t>(row->integer(0)) : 0};
}

Result<Usage> load_usage(Connection& connection, const Principal& owner) {
    const std::string_view name = owner.id;
    auto row = connection.query(usage_sql, name);
    if (!row) {
        return std::move(row).error();
    }
    const auto is_there = row->step();
    if (!is_there) {
        return is_there.error();
    }
    return *is_there ? Usage{.uploads_open = number(*row, 0), .bytes = {number(*row, 1)}} : Usage{};
}

Result<void> insert_upload(Connection& connection, const Upload& upload) {
    auto changed = write_upload(connection, insert_upload_sql, upload);
    if (!changed) {
        return std::move(changed).error();
    }
    return *changed == 1 ? ok() : conflict("the id is taken");
}

Result<void> update_upload(Connection& connection, const Upload& upload) {
    auto done = updated(write_upload(connection, update_upload_sql, upload));
    return done ? count_parts_again(connection, upload) : done;
}

Result<bool> close_upload(Connection& connection, const Upload& upload) {
    auto changed = connection.execute(
        close_upload_sql,
        sqlite::stored(upload.id.value),
        name_of(upload.category),
        name_of(upload.state),
        sqlite::stored(upload.changed_at),
        stored(upload.finalized_at),
        std::int64_t{upload.segments_received},
        sqlite::stored(upload.received.value)
    );
    return changed ? Result<bool>(*changed == 1) : std::move(changed).error();
}

Result<void> update_upload(Connection& connection, const Upload& stands, const Upload& upload) {
    if (!only_moves(stands, upload)) {
        return update_upload(connection, upload);
    }
    auto done = updated(connection.execute(
        move_upload_sql,
        sqlite::stored(upload.id.value),
        name_of(upload.category),
        name_of(upload.state),
        sqlite::stored(upload.changed_at),
        stored(upload.finalized_at)
    ));
    return done ? count_parts_again(connection, upload) : done;
}

Result<void> insert_segment(Connection& connection, MediaId id, const Segment& segment) {
    auto changed = connection.execute(
        insert_segment_sql,
        sqlite::stored(id.value),
        std::int64_t{segment.index.value},
        sqlite::stored(segment.extent.blob.value),
        sqlite::stored(segment.extent.offset.value),
        sqlite::stored(segment.extent.length.value),
        std::int64_t{segment.crc32c},
        sqlite::stored(segment.received_at)
    );
    if (!changed) {
        return std::move(changed).error();
    }
    return *changed == 1 ? ok() : conflict("the segment's index is taken");
}

Result<void> insert_output(
    Connection& connection, MediaId id, std::int64_t position, const Output& output
) {
    auto changed = connection.execute(
        insert_output_sql,
        sqlite::stored(id.value),
        position,
        std::string_view(output.name),
        std::string_view(output.content_type),
        sqlite::stored(output.extent.blob.value),
        sqlite::stored(output.extent.offset.value),
        sqlite::stored(output.extent.length.value),
        std::int64_t{output.width},
        std::int64_t{output.height},
        sqlite::stored(output.duration_ms),
        name_of(output.role),
        std::int64_t{output.is_copied},
        std::string_view(output.placeholder),
        output.made_at ? std::optional(sqlite::stored(*output.made_at)) : std::nullopt,
        std::optional<std::int64_t>(output.crc32c)
    );
    return changed ? ok() : Result<void>(std::move(changed).error());
}

Result<Upload> load_upload(Connection& connection, MediaId id) {
    auto row = connection.query(find_any_upload_sql, sqlite::stored(id.value));
    if (!row) {
        return std::move(row).error();
    }
    auto is_there = row->step();
    if (!is_there) {
        return std::move(is_there).error();
    }
    return *is_there ? read_upload(*row)
                     : Error{.code = ErrorCode::store_not_found, .media_id = id.value};
}

Result<SegmentMap> load_segments(Connection& connection, MediaId id) {
    auto row = connection.query(segments_sql, sqlite::stored(id.value));
    if (!row) {
        return std::move(row).error();
    }
    SegmentMap segments;
    while (true) {
        auto is_there = row->step();
        if (!is_there) {
            return std::move(is_there).error();
        }
        if (!*is_there) {
            return segments;
        }
        const Segment segment = read_segment(*row);
        segments.emplace_hint(segments.end(), segment.index, segment);
    }
}

}  // namespace sluice::sqlite
