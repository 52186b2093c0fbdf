// The half of SqliteMetadataStore that only reads; all of it runs on the caller's thread.
#include <limits>

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

constexpr char named_among_sql[] =
    "SELECT id FROM uploads WHERE id IN (SELECT value FROM json_each(?1)) AND has_bytes = 1 "
    "AND has_original = 1 "
    "UNION SELECT blob FROM segments WHERE blob IN (SELECT value FROM json_each(?1)) "
    "AND blob <> upload "
    "UNION SELECT blob FROM outputs WHERE blob IN (SELECT value FROM json_each(?1))";

Error not_found(MediaId id) {
    return {.code = ErrorCode::store_not_found, .media_id = id.value};
}

// All rows, each made a value by `read`, which returns a Result.
template <class T, class Read>
Result<std::vector<T>> collect(Result<Statement> row, Read read) {
    if (!row) {
        return std::move(row).error();
    }
    std::vector<T> values;
    while (true) {
        auto is_there = row->step();
        if (!is_there) {
            return std::move(is_there).error();
        }
        if (!*is_there) {
            return values;
        }
        Result<T> value = read(*row);
        if (!value) {
            return std::move(value).error();
        }
        values.push_back(*std::move(value));
    }
}

Result<bool> exists(Connection& connection, MediaId id) {
    auto row = connection.query(sqlite::upload_exists_sql, stored(id.value));
    return row ? row->step() : Result<bool>(std::move(row).error());
}

Result<Upload> load_owned(Connection& connection, const Principal& owner, MediaId id) {
    const std::string_view name = owner.id;
    auto row = connection.query(sqlite::find_upload_sql, stored(id.value), name);
    if (!row) {
        return std::move(row).error();
    }
    auto is_there = row->step();
    if (!is_there) {
        return std::move(is_there).error();
    }
    return *is_there ? sqlite::read_upload(*row) : not_found(id);
}

std::int64_t below(MediaId before) {
    return before.value == 0 ? std::numeric_limits<std::int64_t>::max() : stored(before.value);
}

// The rows are asked for one more than the page has.
Result<UploadPage> page_of(Result<Statement> rows, std::uint32_t count_max) {
    auto uploads = collect<Upload>(std::move(rows), sqlite::read_upload);
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

Result<UploadWithSegments> with_segments(Connection& connection, Result<Upload> upload) {
    if (!upload) {
        return std::move(upload).error();
    }
    auto segments = sqlite::load_segments(connection, upload->id);
    if (!segments) {
        return std::move(segments).error();
    }
    return UploadWithSegments{*std::move(upload), *std::move(segments)};
}

}  // namespace

Result<Upload> SqliteMetadataStore::find(const Principal& owner, MediaId id) {
    const auto reader = database_->readers().borrow();
    return load_owned(*reader, owner, id);
}

Result<UploadWithSegments> SqliteMetadataStore::find_with_segments(
    const Principal& owner, MediaId id
) {
    auto reader = database_->readers().borrow();
    if (auto begun = reader.begin_snapshot(); !begun) {
        return std::move(begun).error();
    }
    return with_segments(*reader, load_owned(*reader, owner, id));
}

Result<UploadWithSegments> SqliteMetadataStore::find_any(MediaId id) {
    auto reader = database_->readers().borrow();
    if (auto begun = reader.begin_snapshot(); !begun) {
        return std::move(begun).error();
    }
    return with_segments(*reader, sqlite::load_upload(*reader, id));
}

Result<UploadPage> SqliteMetadataStore::list(
    const Principal& owner, MediaId before, std::uint32_t count_max
) {
    const auto reader = database_->readers().borrow();
    const std::string_view name = owner.id;
    return page_of(
        (*reader).query(sqlite::list_uploads_sql, name, below(before), std::int64_t{count_max} + 1),
        count_max
    );
}

Result<UploadPage> SqliteMetadataStore::list_all(MediaId before, std::uint32_t count_max) {
    const auto reader = database_->readers().borrow();
    return page_of(
        (*reader).query(sqlite::list_all_uploads_sql, below(before), std::int64_t{count_max} + 1),
        count_max
    );
}

Result<std::optional<Repeated>> SqliteMetadataStore::find_repeat(
    const Principal& owner, const std::string& key, WallTime now
) {
    const auto reader = database_->readers().borrow();
    const std::string_view name = owner.id;
    const std::string_view text = key;
    auto row = (*reader).query(sqlite::find_repeat_sql, name, text, stored(now));
    if (!row) {
        return std::move(row).error();
    }
    auto is_there = row->step();
    if (!is_there) {
        return std::move(is_there).error();
    }
    return *is_there
               ? std::optional(Repeated{{static_cast<std::uint64_t>(row->integer(0))}, row->text(1)}
                 )
               : std::nullopt;
}

Result<ByteCount> SqliteMetadataStore::promised() {
    const auto reader = database_->readers().borrow();
    return sqlite::load_promised(*reader);
}

Result<Usage> SqliteMetadataStore::usage_of(const Principal& owner) {
    const auto reader = database_->readers().borrow();
    return sqlite::load_usage(*reader, owner);
}

Result<std::vector<Upload>> SqliteMetadataStore::oldest_open(
    const Principal& owner, std::uint32_t count_max
) {
    const auto reader = database_->readers().borrow();
    const std::string_view name = owner.id;
    auto row = (*reader).query(sqlite::oldest_open_sql, name, std::int64_t{count_max});
    return collect<Upload>(std::move(row), sqlite::read_upload);
}

Result<std::vector<Upload>> SqliteMetadataStore::due_for_expiry(
    WallTime now, std::uint32_t count_max
) {
    const auto reader = database_->readers().borrow();
    auto row = (*reader).query(sqlite::due_for_expiry_sql, stored(now), std::int64_t{count_max});
    return collect<Upload>(std::move(row), sqlite::read_upload);
}

Result<std::vector<Upload>> SqliteMetadataStore::with_bytes(
    MediaId after, std::uint32_t count_max
) {
    const auto reader = database_->readers().borrow();
    auto row =
        (*reader).query(sqlite::with_bytes_sql, stored(after.value), std::int64_t{count_max});
    return collect<Upload>(std::move(row), sqlite::read_upload);
}

Result<std::vector<MediaId>> SqliteMetadataStore::due_for_cleaning(std::uint32_t count_max) {
    const auto reader = database_->readers().borrow();
    auto row = (*reader).query(sqlite::due_for_cleaning_sql, std::int64_t{count_max});
    return collect<MediaId>(std::move(row), [](const Statement& found) -> Result<MediaId> {
        return MediaId{static_cast<std::uint64_t>(found.integer(0))};
    });
}

Result<std::vector<Extent>> SqliteMetadataStore::extents_of(MediaId id) {
    auto reader = database_->readers().borrow();
    auto is_there = exists(*reader, id);
    if (!is_there || !*is_there) {
        return is_there ? not_found(id) : std::move(is_there).error();
    }
    auto row = (*reader).query(sqlite::extents_sql, stored(id.value));
    return collect<Extent>(std::move(row), [](const Statement& found) -> Result<Extent> {
        return sqlite::read_extent(found, 0);
    });
}

Result<bool> SqliteMetadataStore::knows_blob(BlobId blob) {
    const auto reader = database_->readers().borrow();
    auto row = (*reader).query(sqlite::knows_blob_sql, stored(blob.value));
    if (!row) {
        return std::move(row).error();
    }
    if (auto is_there = row->step(); !is_there) {
        return is_there;
    }
    return blob.value != 0 && row->integer(0) != 0;
}

Result<std::vector<BlobId>> SqliteMetadataStore::named_among(const std::vector<BlobId>& blobs) {
    std::string wanted;
    for (const BlobId blob : blobs) {
        if (blob.value != 0) {
            wanted += (wanted.empty() ? "" : ",") + std::to_string(stored(blob.value));
        }
    }
    wanted = "[" + wanted + "]";
    const auto reader = database_->readers().borrow();
    auto row = (*reader).query(named_among_sql, std::string_view(wanted));
    return collect<BlobId>(std::move(row), [](const Statement& found) -> Result<BlobId> {
        return BlobId{static_cast<std::uint64_t>(found.integer(0))};
    });
}

Result<std::vector<Extent>> SqliteMetadataStore::extents_in(BlobId shared) {
    const auto reader = database_->readers().borrow();
    auto row = (*reader).query(sqlite::extents_in_sql, stored(shared.value));
    return collect<Extent>(std::move(row), [](const Statement& found) -> Result<Extent> {
        return sqlite::read_extent(found, 0);
    });
}

Result<std::vector<Output>> SqliteMetadataStore::outputs(MediaId id) {
    const auto reader = database_->readers().borrow();
    auto is_there = exists(*reader, id);
    if (!is_there || !*is_there) {
        return is_there ? not_found(id) : std::move(is_there).error();
    }
    auto row = (*reader).query(sqlite::outputs_sql, stored(id.value));
    return collect<Output>(std::move(row), [](const Statement& found) -> Result<Output> {
        return sqlite::read_output(found);
    });
}

Result<std::vector<MediaId>> SqliteMetadataStore::crashed_since(
    const Principal& owner, ByteCount total, WallTime since
) {
    const auto reader = database_->readers().borrow();
    const std::string_view name = owner.id;
    auto row = (*reader).query(sqlite::crashed_sql, name, stored(total.value), stored(since));
    return collect<MediaId>(std::move(row), [](const Statement& found) -> Result<MediaId> {
        return MediaId{static_cast<std::uint64_t>(found.integer(0))};
    });
}

Result<StoreTotals> SqliteMetadataStore::totals() {
    const auto reader = database_->readers().borrow();
    auto row = (*reader).query(sqlite::totals_sql);
    if (!row) {
        return std::move(row).error();
    }
    if (auto is_there = row->step(); !is_there) {
        return std::move(is_there).error();
    }
    return StoreTotals{
        .uploads_open = static_cast<std::uint64_t>(row->integer(0)),
        .jobs_queued = static_cast<std::uint64_t>(row->integer(1)),
        .jobs_running = static_cast<std::uint64_t>(row->integer(2)),
    };
}

Result<std::uint64_t> SqliteMetadataStore::newest_number() {
    const auto reader = database_->readers().borrow();
    auto row = (*reader).query(sqlite::newest_number_sql);
    if (!row) {
        return std::move(row).error();
    }
    if (auto is_there = row->step(); !is_there) {
        return std::move(is_there).error();
    }
    return static_cast<std::uint64_t>(row->integer(0));
}

Result<QueuePosition> SqliteMetadataStore::queue_position(MediaId id, WallTime now) {
    if (auto known = sqlite::known_position(id, now, jobs_ahead_)) {
        return *std::move(known);
    }
    const auto version = jobs_ahead_.version();
    auto reader = database_->readers().borrow();
    if (auto begun = reader.begin_snapshot(); !begun) {
        return std::move(begun).error();
    }
    return sqlite::position_of(*reader, id, now, jobs_ahead_, version);
}

}  // namespace sluice
