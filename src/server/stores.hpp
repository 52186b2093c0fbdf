// The stores of rows that a server works on, by the engine that --database names, all over one
// database. The bytes are in the data directory or in an S3 bucket, and rows and bytes belong
// together: a storage whose uploads another database knows is refused, since every blob in it would
// be taken for an orphan.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/metrics.hpp"
#include "store/attachment_store.hpp"
#include "store/doubt_store.hpp"
#include "store/key_store.hpp"
#include "store/metadata_store.hpp"
#include "store/postgres/postgres_database.hpp"
#include "store/s3/s3_blob_store.hpp"
#include "store/sqlite/sqlite_database.hpp"
#include "store/timeline_store.hpp"

namespace sluice::server {

struct Stores {
    std::unique_ptr<MetadataStore> metadata;
    std::unique_ptr<AttachmentStore> attachments;
    std::unique_ptr<TimelineStore> timeline;
    std::unique_ptr<DoubtStore> doubts;
    std::unique_ptr<KeyStore> keys;
    // What one process has read may be kept in memory: no other writes, and a write whose answer was
    // not a success has not happened.
    bool may_be_cached = true;
    std::shared_ptr<PostgresDatabase> database = nullptr;  // of all of them, if it is PostgreSQL
    // Adds what the engine has to say of itself; the stores outlive the metrics' use.
    std::function<void(Metrics&)> add_metrics = [](Metrics&) {};
};

// `database`: "sqlite" or a URL of PostgreSQL. `bucket`, `shared_folder`: where the bytes are; neither:
// in the directory. Precondition: this process holds the directory.
Result<Stores> open_stores(
    const std::string& database,
    const std::string& data,
    S3BlobStore* bucket = nullptr,
    const SqliteOptions& options = {},
    const std::string& shared_folder = {}
);
// For the command line, beside a running server.
Result<std::unique_ptr<KeyStore>> open_keys(const std::string& database, const std::string& data);

}  // namespace sluice::server
