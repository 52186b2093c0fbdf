#include "store/postgres/rows.hpp"

#include "store/postgres/statements.hpp"

namespace sluice::postgres {
namespace {

std::optional<ProcessingFailure> read_failure(const Row& row) {
    if (row.is_null(15)) {
        return std::nullopt;
    }
    return ProcessingFailure{
        .code = static_cast<int>(row.integer(15)),
        .name = row.text(16),
        .reason = row.text(17),
        .message = row.text(18),
    };
}

void read_second_half(const Row& row, Upload& upload) {
    upload.failure = read_failure(row);
    upload.attempts = static_cast<int>(row.integer(19));
    upload.created_at = row.time(20);
    upload.changed_at = row.time(21);
    upload.expires_at = row.time(22);
    upload.content = {
        .media_type = row.text(23),
        .width = static_cast<std::uint32_t>(row.integer(24)),
        .height = static_cast<std::uint32_t>(row.integer(25)),
        .conversions = row.text(26),
        .probed = row.text(34),
    };
    upload.finalized_at = row.optional_time(27);
    upload.has_original = row.flag(28);
    upload.stream.length_known = row.flag(30);
    upload.stream.parts = parse_parts(row.text(31));
    upload.stream.told = row.text(32);
    upload.protocol = row.text(33);
}

}  // namespace

Error conflict(MediaId id, std::string detail) {
    return {.code = ErrorCode::store_conflict, .detail = std::move(detail), .media_id = id.value};
}

Error not_found(MediaId id) {
    return {.code = ErrorCode::store_not_found, .media_id = id.value};
}

Result<Upload> read_upload(const Row& row) {
    const auto category = parse_category(row.text(2));
    const auto state = parse_upload_state(row.text(8));
    const auto kind = parse_upload_kind(row.text(29));
    if (!category || !state || !kind) {
        return Error{.code = ErrorCode::storage_failed, .detail = "unreadable row in uploads"};
    }
    Upload upload;
    upload.id = {row.number(0)};
    upload.owner = {row.text(1)};
    upload.category = *category;
    upload.category_given = row.flag(3);
    upload.media_type = row.text(4);
    upload.file_name = row.text(5);
    upload.total = {row.number(6)};
    upload.one_shot = row.flag(7);
    upload.state = *state;
    upload.received = {row.number(9)};
    upload.segments_received = static_cast<std::uint32_t>(row.integer(10));
    if (!row.is_null(11)) {
        upload.stride = ByteCount{row.number(11)};
    }
    upload.progress = {
        .percent = static_cast<int>(row.integer(12)),
        .ends_at = row.optional_time(13),
        .step = row.text(14),
    };
    upload.stream.kind = *kind;
    read_second_half(row, upload);
    return upload;
}

Result<std::vector<Upload>> read_uploads(const Rows& rows) {
    std::vector<Upload> uploads;
    for (const Row row : rows) {
        auto upload = read_upload(row);
        if (!upload) {
            return std::move(upload).error();
        }
        uploads.push_back(*std::move(upload));
    }
    return uploads;
}

Extent read_extent(const Row& row, int column) {
    return {{row.number(column)}, {row.number(column + 1)}, {row.number(column + 2)}};
}

std::vector<Extent> read_extents(const Rows& rows) {
    std::vector<Extent> extents;
    for (const Row row : rows) {
        extents.push_back(read_extent(row, 0));
    }
    return extents;
}

SegmentMap read_segments(const Rows& rows) {
    SegmentMap segments;
    for (const Row row : rows) {
        const Segment segment{
            .index = {static_cast<std::uint16_t>(row.integer(0))},
            .extent = read_extent(row, 1),
            .crc32c = static_cast<std::uint32_t>(row.integer(4)),
            .received_at = row.time(5),
        };
        segments.emplace_hint(segments.end(), segment.index, segment);
    }
    return segments;
}

Output read_output(const Row& row) {
    return {
        .name = row.text(0),
        .content_type = row.text(1),
        .extent = read_extent(row, 2),
        .width = static_cast<std::uint32_t>(row.integer(5)),
        .height = static_cast<std::uint32_t>(row.integer(6)),
        .duration_ms = row.number(7),
        .role = parse_output_role(row.text(8)).value_or(OutputRole::rendition),
        .is_copied = row.flag(9),
        .placeholder = row.text(10),
        .made_at = row.optional_time(11),
        .crc32c = row.optional_integer(12),
    };
}

void send_upload(Session& session, const char* sql, const Upload& upload) {
    const ProcessingFailure failure = upload.failure.value_or(ProcessingFailure{});
    session.send(
        sql,
        upload.id.value,
        upload.owner.id,
        sluice::name_of(upload.category),
        upload.category_given,
        upload.media_type,
        upload.file_name,
        upload.total,
        upload.one_shot,
        sluice::name_of(upload.state),
        upload.received,
        upload.segments_received,
        upload.stride,
        upload.progress.percent,
        upload.progress.ends_at,
        upload.progress.step,
        upload.failure ? std::optional(failure.code) : std::nullopt,
        failure.name,
        failure.reason,
        failure.message,
        upload.attempts,
        upload.created_at,
        upload.changed_at,
        upload.expires_at,
        upload.content.media_type,
        upload.content.width,
        upload.content.height,
        upload.content.conversions,
        upload.finalized_at,
        upload.has_original,
        sluice::name_of(upload.stream.kind),
        upload.stream.length_known,
        text_of(upload.stream.parts),
        upload.stream.told,
        upload.protocol,
        upload.content.probed
    );
}

void send_segment(Session& session, MediaId id, const Segment& segment) {
    session.send(
        insert_segment_sql,
        id.value,
        segment.index.value,
        segment.extent.blob.value,
        segment.extent.offset,
        segment.extent.length,
        segment.crc32c,
        segment.received_at
    );
}

void send_outputs(Session& session, MediaId id, const std::vector<Output>& outputs) {
    session.send(delete_outputs_sql, id.value);
    std::int64_t position = 0;
    for (const Output& output : outputs) {
        session.send(
            insert_output_sql,
            id.value,
            position++,
            output.name,
            output.content_type,
            output.extent.blob.value,
            output.extent.offset,
            output.extent.length,
            output.width,
            output.height,
            output.duration_ms,
            sluice::name_of(output.role),
            output.is_copied,
            output.placeholder,
            output.made_at,
            output.crc32c
        );
    }
}

Result<Upload> lock_upload(Session& session, MediaId id) {
    const Rows rows = session.query(lock_upload_sql, id.value);
    return rows.empty() ? Result<Upload>(not_found(id)) : read_upload(rows.front());
}

Result<void> insert_job(Session& session, const NewJob& job) {
    const auto changed = session.execute(
        insert_job_sql,
        job.id.value,
        job.media.value,
        job.run_at,
        job.cost_expected.count(),
        name_of(job.lane),
        job.rank
    );
    return changed == 1 ? ok() : conflict(job.media, "there is a job already");
}

}  // namespace sluice::postgres
