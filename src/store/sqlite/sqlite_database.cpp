#include "store/sqlite/sqlite_database.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/unique_fd.hpp"
#include "store/sqlite/migrations.hpp"
#include "store/sqlite/reader_pool.hpp"
#include "store/sqlite/write_queue.hpp"

namespace sluice {

using sqlite::Connection;

namespace {

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

// How far a commit is synced is the WriteQueue's business. Half of SQLite's usual cache: what is written lies near what
// was written last, so no more is read again.
Result<void> configure(Connection& connection) {
    return connection.script(
        "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 4000; "
        "PRAGMA cache_size = -1024;"
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

// From `version` to the next one, unless another process (`sluice keys` beside the server) has done
// it meanwhile.
Result<void> migrate_once(Connection& connection, std::size_t version) {
    if (auto begun = connection.script("BEGIN EXCLUSIVE"); !begun) {
        return begun;
    }
    const auto current = schema_version(connection);
    Result<void> done = current ? ok() : Result<void>(current.error());
    if (current && *current == version) {
        connection.let_schema_be_written(true);
        done = connection.script(sqlite::migrations()[version]);
        connection.let_schema_be_written(false);
    }
    if (!done) {
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
    for (std::size_t from = *version; from < all.size(); ++from) {
        if (auto done = migrate_once(connection, from); !done) {
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

}  // namespace

SqliteDatabase::SqliteDatabase(
    std::unique_ptr<sqlite::WriteQueue> writer, std::unique_ptr<sqlite::ReaderPool> readers
)
    : readers_(std::move(readers)), writer_(std::move(writer)) {}

SqliteDatabase::~SqliteDatabase() = default;

Result<std::shared_ptr<SqliteDatabase>> SqliteDatabase::open(
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
    auto writer = std::make_unique<sqlite::WriteQueue>(
        *std::move(connection), options.strict, options.make_room
    );
    return std::make_shared<SqliteDatabase>(std::move(writer), *std::move(readers));
}

}  // namespace sluice
