// Which rows an S3 bucket (or a prefix of one) belongs to: its object sluice-storage holds an id that the
// data directory (storage.id) knows, with SQLite, or the database, with PostgreSQL. What does not
// belong together is refused before anything is removed: the sweep would take another's objects
// for orphans.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "store/postgres/postgres_database.hpp"
#include "store/s3/s3_blob_store.hpp"

namespace sluice::server {

inline constexpr const char* bucket_file = "/storage.id";

// The line of such a file; empty if it is not there.
std::string mark_in(const std::string& path);

// No move of this directory's bytes is unfinished: they are in one place.
Result<void> check_is_not_moving(const std::string& data);
// The bytes of this directory's uploads are, or will be, on this machine.
Result<void> check_is_for_disk(const std::string& data);

// Nothing is in the bucket, not even a mark.
Result<void> check_is_unused(S3BlobStore& bucket);
// Marks a bucket in which nothing is. Again with the same mark: no error, whatever is in it.
Result<void> take_bucket(S3BlobStore& bucket, const std::string& mark);

// What the database has of uploads; `none`: it never had one, or was just made.
enum class KnownUploads : std::uint8_t { none, without_bytes, with_bytes };

// SQLite in `data`, bytes in the bucket; a new pair becomes one. A database that never had an upload does
// not get a bucket with blobs, whatever the marks say: it is not the one that knows them.
Result<void> join_bucket(S3BlobStore& bucket, const std::string& data, KnownUploads uploads);
// PostgreSQL and the bucket, whichever node comes first; `data` of this node is marked too. Only a bucket
// in which nothing is, not even a mark, becomes that of a new database.
Result<void> join_bucket(
    S3BlobStore& bucket, PostgresDatabase& database, const std::string& data, KnownUploads uploads
);

}  // namespace sluice::server
