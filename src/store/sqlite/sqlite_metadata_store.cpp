#include "store/sqlite/sqlite_metadata_store.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/unique_fd.hpp"
#include "store/sqlite/jobs.hpp"
#include "store/sqlite/migrations.hpp"
#include "store/sqlite/reader_pool.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/statements.hpp"
#include "store/sqlite/write_queue.hpp"

namespace sluice {

using sqlite::Connection;
using sqlite::stored;

namespace {

Error conflict(MediaId id, std::string detail) {
    return {.code = ErrorCode::store_conflict, .detail = std::move(detail), .media_id = id.value};
}

Result<void> sync_folder_of(const std::string& path) {
    const auto parent = std::filesystem::absolute(path).parent_path().string();
    const UniqueFd folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::fsync(folder.get()) != 0) {
        return system_error(errno, "sync " + parent);
    }
    return ok();
}

// Made by us and not by SQLite, for the mode; the log and the shared memory take theirs from it.
Result<void> make_file(const std::string& path) {
    const UniqueFd file(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR)
    );
    return file ? sync_folder_of(path) : system_error(errno, "open " + path);
}

// How far a commit is synced is the WriteQueue's business.
Result<void> configure(Connection& connection) {
    return connection.script(
        "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 4000;"
    );
}

Result<std::size_t> schema_version(Connection& connection) {
    auto row = connection.query("PRAGMA user_version");
    if (!row) {
        return std::move(row).error();
    }
    auto is_there = row->step();
    if (!is_there) {
        return std::move(is_there).error();
    }
    return static_cast<std::size_t>(row->integer(0));
}

Error too_new(std::size_t version) {
    return {
        .code = ErrorCode::storage_failed,
        .facts = "The database was written by a newer version of Sluice: its schema is " +
                 std::to_string(version) + ", this program knows up to " +
                 std::to_string(sqlite::migrations().size()) + ".",
    };
}

Result<void> migrate_once(Connection& connection, const char* migration) {
    if (auto begun = connection.script("BEGIN EXCLUSIVE"); !begun) {
        return begun;
    }
    if (auto done = connection.script(migration); !done) {
        static_cast<void>(connection.script("ROLLBACK"));
        return done;
    }
    return connection.script("COMMIT");
}

Result<void> migrate(Connection& connection) {
    auto version = schema_version(connection);
    if (!version) {
        return std::move(version).error();
    }
    const auto all = sqlite::migrations();
    if (*version > all.size()) {
        return too_new(*version);
    }
    for (const char* migration : all.subspan(*version)) {
        if (auto done = migrate_once(connection, migration); !done) {
            return done;
        }
    }
    return ok();
}

Result<std::unique_ptr<Connection>> open_writer(const std::string& path) {
    if (auto made = make_file(path); !made) {
        return std::move(made).error();
    }
    auto connection = Connection::open(path);
    if (!connection) {
        return connection;
    }
    if (auto done = configure(**connection); !done) {
        return std::move(done).error();
    }
    if (auto done = migrate(**connection); !done) {
        return std::move(done).error();
    }
    return connection;
}

Result<void> add_to_sums(
    Connection& connection,
    MediaId id,
    const Segment& segment,
    std::optional<ByteCount> stride,
    WallTime now
) {
    auto changed = connection.execute(
        sqlite::add_to_sums_sql,
        stored(id.value),
        stored(segment.extent.length.value),
        stride ? std::optional(stored(stride->value)) : std::nullopt,
        stored(now)
    );
    if (!changed) {
        return std::move(changed).error();
    }
    if (*changed == 1) {
        return ok();
    }
    auto upload = sqlite::load_upload(connection, id);
    return upload ? conflict(id, "the segment does not fit the upload") : std::move(upload).error();
}

Result<void> change_row(
    Connection& connection, const Upload& upload, UploadState from, const std::optional<NewJob>& job
) {
    auto current = sqlite::load_upload(connection, upload.id);
    if (!current) {
        return std::move(current).error();
    }
    const bool has_same_segments = current->segments_received == upload.segments_received;
    if (current->state != from || (from == UploadState::open && !has_same_segments)) {
        return conflict(upload.id, "the upload has changed meanwhile");
    }
    if (auto done = sqlite::update_upload(connection, upload); !done) {
        return done;
    }
    if (upload.is_over()) {
        if (auto done = sqlite::delete_job_of(connection, upload.id); !done) {
            return done;
        }
    }
    return job ? sqlite::insert_job(connection, *job) : ok();
}

Result<void> drop_bytes(Connection& connection, MediaId id) {
    for (const char* sql : {sqlite::delete_segments_sql, sqlite::delete_outputs_sql}) {
        if (auto done = connection.execute(sql, stored(id.value)); !done) {
            return std::move(done).error();
        }
    }
    auto changed = connection.execute(sqlite::forget_bytes_sql, stored(id.value));
    if (!changed) {
        return std::move(changed).error();
    }
    return *changed == 1 ? ok() : Error{.code = ErrorCode::store_not_found, .media_id = id.value};
}

}  // namespace

SqliteMetadataStore::SqliteMetadataStore(
    std::unique_ptr<sqlite::WriteQueue> writer, std::unique_ptr<sqlite::ReaderPool> readers
)
    : readers_(std::move(readers)), writer_(std::move(writer)) {}

SqliteMetadataStore::~SqliteMetadataStore() = default;

Result<std::unique_ptr<SqliteMetadataStore>> SqliteMetadataStore::open(
    const std::string& path, SqliteOptions options
) {
    auto connection = open_writer(path);
    if (!connection) {
        return std::move(connection).error();
    }
    auto readers = sqlite::ReaderPool::open(path, options.readers);
    if (!readers) {
        return std::move(readers).error();
    }
    auto writer = std::make_unique<sqlite::WriteQueue>(*std::move(connection), options.strict);
    return std::unique_ptr<SqliteMetadataStore>(
        new SqliteMetadataStore(std::move(writer), *std::move(readers))
    );
}

std::uint64_t SqliteMetadataStore::commits() {
    return writer_->commits();
}

Result<void> SqliteMetadataStore::create(const Upload& upload) {
    return writer_->perform([&upload](Connection& connection) {
        return sqlite::insert_upload(connection, upload);
    });
}

Result<void> SqliteMetadataStore::create_whole(
    const Upload& upload, const Segment& segment, const NewJob& job
) {
    return writer_->perform(
        [&](Connection& connection) -> Result<void> {
            if (auto done = sqlite::insert_upload(connection, upload); !done) {
                return done;
            }
            if (auto done = sqlite::insert_segment(connection, upload.id, segment); !done) {
                return done;
            }
            return sqlite::insert_job(connection, job);
        },
        sqlite::Survives::power_loss
    );
}

Result<void> SqliteMetadataStore::add_segment(
    MediaId id, const Segment& segment, std::optional<ByteCount> stride, WallTime now
) {
    return writer_->perform([&](Connection& connection) -> Result<void> {
        if (auto done = add_to_sums(connection, id, segment, stride, now); !done) {
            return done;
        }
        return sqlite::insert_segment(connection, id, segment);
    });
}

Result<void> SqliteMetadataStore::change(
    const Upload& upload, UploadState from, const std::optional<NewJob>& job
) {
    return writer_->perform(
        [&](Connection& connection) { return change_row(connection, upload, from, job); },
        sqlite::Survives::power_loss
    );
}

Result<void> SqliteMetadataStore::forget_bytes(MediaId id) {
    return writer_->perform([id](Connection& connection) { return drop_bytes(connection, id); });
}

}  // namespace sluice
