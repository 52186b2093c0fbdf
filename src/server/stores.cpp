#include "server/stores.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/hmac.hpp"
#include "base/unique_fd.hpp"
#include "store/postgres/postgres_attachment_store.hpp"
#include "store/postgres/postgres_doubt_store.hpp"
#include "store/postgres/postgres_key_store.hpp"
#include "store/postgres/postgres_metadata_store.hpp"
#include "store/postgres/postgres_timeline_store.hpp"
#include "store/postgres/storage_mark.hpp"
#include "store/sqlite/sqlite_attachment_store.hpp"
#include "store/sqlite/sqlite_doubt_store.hpp"
#include "store/sqlite/sqlite_key_store.hpp"
#include "store/sqlite/sqlite_metadata_store.hpp"
#include "store/sqlite/sqlite_timeline_store.hpp"

namespace sluice::server {
namespace {

constexpr const char* sqlite_file = "/sluice.db";
// Its one line is the id by which a database of PostgreSQL knows the directory.
constexpr const char* mark_file = "/postgres.id";
constexpr std::size_t mark_length = 20;

Error refused(std::string facts) {
    return {.code = ErrorCode::storage_failed, .facts = std::move(facts)};
}

bool is_there(const std::string& path) {
    std::error_code error;
    return std::filesystem::exists(path, error);
}

Result<void> check_is_for_sqlite(const std::string& data) {
    return is_there(data + mark_file)
               ? refused(
                     "The uploads in " + data +
                     " are in a PostgreSQL database: say which with --database postgres://…"
                 )
               : ok();
}

Result<void> check_is_for_postgres(const std::string& data) {
    return is_there(data + sqlite_file)
               ? refused(
                     data +
                     " has an SQLite database. PostgreSQL would know nothing of its uploads: use "
                     "another directory with --data."
                 )
               : ok();
}

std::string read_mark(const std::string& data) {
    std::ifstream file(data + mark_file);
    std::string id;
    std::getline(file, id);
    return id;
}

Result<void> sync(const std::string& path, int flags) {
    const UniqueFd file(::open(path.c_str(), flags | O_CLOEXEC));
    return file && ::fsync(file.get()) == 0 ? ok() : system_error(errno, "sync " + path);
}

// Whole or not at all.
Result<void> write_mark(const std::string& data, const std::string& id) {
    const std::string path = data + mark_file;
    std::ofstream(path + ".new") << id << '\n';
    if (auto synced = sync(path + ".new", O_RDONLY); !synced) {
        return synced;
    }
    if (::rename((path + ".new").c_str(), path.c_str()) != 0) {
        return system_error(errno, "rename " + path);
    }
    return sync(data, O_RDONLY | O_DIRECTORY);
}

Result<void> join(PostgresDatabase& database, const std::string& data) {
    const std::string id = read_mark(data);
    const auto mark = claim_storage(database, id, random_word(mark_length));
    if (!mark) {
        return mark.error();
    }
    return *mark == id ? ok() : write_mark(data, *mark);
}

Result<Stores> open_postgres(const std::string& url, const std::string& data) {
    if (auto checked = check_is_for_postgres(data); !checked) {
        return std::move(checked).error();
    }
    auto database = PostgresDatabase::open(url);
    if (!database) {
        return std::move(database).error();
    }
    if (auto joined = join(**database, data); !joined) {
        return std::move(joined).error();
    }
    return Stores{
        .metadata = std::make_unique<PostgresMetadataStore>(*database),
        .attachments = std::make_unique<PostgresAttachmentStore>(*database),
        .timeline = std::make_unique<PostgresTimelineStore>(*database),
        .doubts = std::make_unique<PostgresDoubtStore>(*database),
        .keys = std::make_unique<PostgresKeyStore>(*database),
        .may_be_cached = false,
    };
}

}  // namespace

Result<Stores> open_stores(
    const std::string& database, const std::string& data, const SqliteOptions& options
) {
    if (database != "sqlite") {
        return open_postgres(database, data);
    }
    if (auto checked = check_is_for_sqlite(data); !checked) {
        return std::move(checked).error();
    }
    auto file = SqliteDatabase::open(data + sqlite_file, options);
    if (!file) {
        return std::move(file).error();
    }
    return Stores{
        .metadata = std::make_unique<SqliteMetadataStore>(*file),
        .attachments = std::make_unique<SqliteAttachmentStore>(*file),
        .timeline = std::make_unique<SqliteTimelineStore>(*file),
        .doubts = std::make_unique<SqliteDoubtStore>(*file),
        .keys = std::make_unique<SqliteKeyStore>(*file),
    };
}

Result<std::unique_ptr<KeyStore>> open_keys(const std::string& database, const std::string& data) {
    if (database != "sqlite") {
        auto server = PostgresDatabase::open(database, {.connections = 1});
        return server ? Result<std::unique_ptr<KeyStore>>(
                            std::make_unique<PostgresKeyStore>(*std::move(server))
                        )
                      : std::move(server).error();
    }
    if (auto checked = check_is_for_sqlite(data); !checked) {
        return std::move(checked).error();
    }
    auto file = SqliteDatabase::open(data + sqlite_file);
    return file ? Result<std::unique_ptr<KeyStore>>(std::make_unique<SqliteKeyStore>(*std::move(file
                  )))
                : std::move(file).error();
}

}  // namespace sluice::server
