#include "server/stores.hpp"

#include <filesystem>
#include <utility>

#include "server/bucket_mark.hpp"
#include "server/directory_mark.hpp"
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

Error refused(std::string facts) {
    return {.code = ErrorCode::storage_failed, .facts = std::move(facts)};
}

bool is_there(const std::string& path) {
    std::error_code error;
    return std::filesystem::exists(path, error);
}

Result<void> check_is_for_sqlite(const std::string& data) {
    const bool is_marked = is_there(data + mark_file);
    if (is_there(data + sqlite_file)) {
        if (!is_marked) {
            return ok();
        }
        return refused(
            "sluice migrate was interrupted in " + data +
            ". Run it again, or remove postgres.id there to stay with SQLite."
        );
    }
    // A database made now would be empty, and every blob an orphan.
    if (is_marked || is_there(data + node_file)) {
        return refused(
            "The uploads in " + data +
            " are in a PostgreSQL database: say which with --database postgres://…"
        );
    }
    if (!is_there(data + bucket_file)) {
        return ok();
    }
    return refused(
        "The uploads in " + data +
        " have their bytes in an S3 bucket, and the database that knows them is not there: put "
        "sluice.db back, or say with --database postgres://… where it is. To begin anew, use "
        "another directory and another bucket or prefix."
    );
}

Result<void> check_is_for_postgres(const std::string& data) {
    return is_there(data + sqlite_file)
               ? refused(
                     data +
                     " has an SQLite database. PostgreSQL would know nothing of its uploads: use "
                     "another directory with --data, or take them over with sluice migrate."
                 )
               : ok();
}

Result<void> join(PostgresDatabase& database, const std::string& folder) {
    if (const std::string id = read_mark(folder); !id.empty()) {
        return claim_storage(database, id, false);
    }
    const auto id = promised_mark(folder);
    if (!id) {
        return id.error();
    }
    auto claimed = claim_storage(database, *id, true);
    if (claimed) {
        return keep_promised_mark(folder, *id);
    }
    const std::string by_other = read_mark(folder);  // another node was just done with it
    return by_other.empty() ? claimed : claim_storage(database, by_other, false);
}

Result<KnownUploads> known_uploads(MetadataStore& metadata) {
    const auto newest = metadata.newest_number();
    if (!newest) {
        return newest.error();
    }
    const auto some = metadata.with_bytes({0}, 1);
    if (!some) {
        return some.error();
    }
    return !some->empty() ? KnownUploads::with_bytes
           : *newest != 0 ? KnownUploads::without_bytes
                          : KnownUploads::none;
}

Result<void> join(S3BlobStore* bucket, const std::string& data, MetadataStore& metadata) {
    if (bucket == nullptr) {
        return ok();
    }
    const auto rows = known_uploads(metadata);
    return rows ? join_bucket(*bucket, data, *rows) : rows.error();
}

Result<void> join(
    S3BlobStore& bucket, const std::shared_ptr<PostgresDatabase>& database, const std::string& data
) {
    PostgresMetadataStore metadata(database);
    const auto rows = known_uploads(metadata);
    return rows ? join_bucket(bucket, *database, data, *rows) : rows.error();
}

void add_load(Metrics& metrics, const std::shared_ptr<PostgresDatabase>& database) {
    constexpr const char* help = "Connections to PostgreSQL";
    Gauge& busy = metrics.gauge("sluice_database_connections", help, {{"state", "busy"}});
    Gauge& idle = metrics.gauge("sluice_database_connections", help, {{"state", "idle"}});
    Gauge& waiting = metrics.gauge("sluice_database_waiting", "Calls that wait for a connection");
    Gauge& up = metrics.gauge("sluice_database_up", "0 while no connection can be made");
    Gauge& commits =
        metrics.gauge("sluice_database_commits", "Transactions that changed rows, since the start");
    Gauge& repeated = metrics.gauge(
        "sluice_database_repeated", "Transactions run again after a conflict, since the start"
    );
    metrics.before_text([&busy, &idle, &waiting, &up, &commits, &repeated, database] {
        const auto load = database->load();
        busy.set(static_cast<std::int64_t>(load.connections - load.idle));
        idle.set(static_cast<std::int64_t>(load.idle));
        waiting.set(static_cast<std::int64_t>(load.waiting));
        up.set(load.is_down ? 0 : 1);
        commits.set(static_cast<std::int64_t>(load.commits));
        repeated.set(static_cast<std::int64_t>(load.repeated));
    });
}

Result<Stores> open_postgres(
    const std::string& url,
    const std::string& data,
    S3BlobStore* bucket,
    const std::string& shared_folder
) {
    if (auto checked = check_is_for_postgres(data); !checked) {
        return std::move(checked).error();
    }
    auto database = PostgresDatabase::open(url);
    if (!database) {
        return std::move(database).error();
    }
    auto joined = bucket != nullptr
                      ? join(*bucket, *database, data)
                      : join(**database, shared_folder.empty() ? data : shared_folder);
    if (!joined) {
        return std::move(joined).error();
    }
    return Stores{
        .metadata = std::make_unique<PostgresMetadataStore>(*database),
        .attachments = std::make_unique<PostgresAttachmentStore>(*database),
        .timeline = std::make_unique<PostgresTimelineStore>(*database),
        .doubts = std::make_unique<PostgresDoubtStore>(*database),
        .keys = std::make_unique<PostgresKeyStore>(*database),
        .may_be_cached = false,
        .database = *database,
        .add_metrics = [database = *database](Metrics& metrics) { add_load(metrics, database); },
    };
}

}  // namespace

Result<Stores> open_stores(
    const std::string& database,
    const std::string& data,
    S3BlobStore* bucket,
    const SqliteOptions& options,
    const std::string& shared_folder
) {
    if (database != "sqlite") {
        return open_postgres(database, data, bucket, shared_folder);
    }
    if (!shared_folder.empty()) {
        return refused(
            "A storage that nodes share needs a database that they share: --database postgres://…"
        );
    }
    if (auto checked = check_is_for_sqlite(data); !checked) {
        return std::move(checked).error();
    }
    auto file = SqliteDatabase::open(data + sqlite_file, options);
    if (!file) {
        return std::move(file).error();
    }
    auto metadata = std::make_unique<SqliteMetadataStore>(*file);
    if (auto joined = join(bucket, data, *metadata); !joined) {
        return std::move(joined).error();
    }
    return Stores{
        .metadata = std::move(metadata),
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
