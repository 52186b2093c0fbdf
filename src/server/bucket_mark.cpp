#include "server/bucket_mark.hpp"

#include <filesystem>
#include <fstream>

#include "server/directory_mark.hpp"
#include "server/migrate_bytes.hpp"
#include "store/postgres/storage_mark.hpp"

namespace sluice::server {
namespace {

constexpr const char* mark_name = "sluice-storage";
// So begins the id of a database whose bytes were never on a disk.
constexpr const char* id_of_bucket = "s3-";

Error refused(std::string facts) {
    return {.code = ErrorCode::storage_failed, .facts = std::move(facts)};
}

bool is_there(const std::string& path) {
    std::error_code error;
    return std::filesystem::exists(path, error);
}

Error on_disk(const std::string& data) {
    return refused(
        "The uploads of " + data +
        " have their bytes on its disk. Use another directory with --data, or move them: sluice "
        "migrate --data " +
        data + " --to s3://…"
    );
}

// What the bucket is marked with; `fresh` from now on, if with nothing.
Result<std::string> mark_of(S3BlobStore& bucket, const std::string& fresh) {
    auto known = bucket.read_text(mark_name);
    if (!known || !known->empty()) {
        return known;
    }
    const auto made = bucket.write_text(mark_name, fresh, {});
    const bool is_by_other = !made && made.error().code == ErrorCode::store_conflict;
    if (!made && !is_by_other) {
        return made.error();
    }
    return bucket.read_text(mark_name);
}

// The id by which the database knows its storage; from now on one of a bucket, if it knew none. It comes
// before the bucket's mark: a mark that is there already may be that of another database.
Result<std::string> claimed_id(PostgresDatabase& database) {
    auto known = storage_of(database);
    if (!known || !known->empty()) {
        return known;
    }
    const auto claimed = claim_storage(database, id_of_bucket + new_mark(), true);
    const bool is_by_other = !claimed && claimed.error().code == ErrorCode::storage_failed;
    return claimed || is_by_other ? storage_of(database) : Result<std::string>(claimed.error());
}

Result<bool> has_blobs(S3BlobStore& bucket) {
    bool has_one = false;
    auto walked = bucket.each_blob([&has_one](BlobId, WallTime) {
        has_one = true;
        return false;
    });
    return walked ? Result<bool>(has_one) : std::move(walked).error();
}

Error of_another(const S3BlobStore& bucket, const std::string& whose) {
    return refused(
        bucket.shown() + " does not belong to " + whose +
        ": it is another's, or was emptied. Objects that no row names would be removed as orphans; "
        "use another bucket, or a prefix: s3://BUCKET/PREFIX."
    );
}

Result<void> mark_as(S3BlobStore& bucket, const std::string& mark, const std::string& whose) {
    const auto made = mark_of(bucket, mark);
    if (!made) {
        return made.error();
    }
    return *made == mark ? ok() : Result<void>(of_another(bucket, whose));
}

Result<void> rows_lost(const S3BlobStore& bucket, const std::string& data) {
    return refused(
        bucket.shown() + " has blobs, and the database in " + data +
        " never had an upload: it was made anew, or emptied. All of them would be removed as "
        "orphans. Put the sluice.db back that knows them, or use another directory and another "
        "bucket or prefix."
    );
}

}  // namespace

std::string mark_in(const std::string& path) {
    std::ifstream file(path);
    std::string id;
    std::getline(file, id);
    return id;
}

Result<void> check_is_unused(S3BlobStore& bucket) {
    const auto theirs = bucket.read_text(mark_name);
    const auto holds = theirs ? has_blobs(bucket) : Result<bool>(theirs.error());
    if (!holds) {
        return holds.error();
    }
    return !*holds && theirs->empty()
               ? ok()
               : refused(
                     bucket.shown() +
                     " is not empty: it is another's, or was begun by a migration that was given "
                     "up, and what it holds may be older than the disk. Empty it, its object "
                     "sluice-storage too, or use another prefix: s3://BUCKET/PREFIX."
                 );
}

Result<void> take_bucket(S3BlobStore& bucket, const std::string& mark) {
    const auto theirs = bucket.read_text(mark_name);
    const auto holds = theirs ? has_blobs(bucket) : Result<bool>(theirs.error());
    if (!holds) {
        return holds.error();
    }
    if (*theirs == mark) {
        return ok();
    }
    return *holds || !theirs->empty() ? of_another(bucket, "this directory")
                                      : mark_as(bucket, mark, "this directory");
}

Result<void> check_is_not_moving(const std::string& data) {
    return !is_there(data + moving_file)
               ? ok()
               : refused(
                     "sluice migrate was interrupted in " + data +
                     ". Run it again, or remove storage.moving there to stay with the disk."
                 );
}

Result<void> check_is_for_disk(const std::string& data) {
    return is_there(data + bucket_file)
               ? refused(
                     "The uploads of " + data +
                     " have their bytes in an S3 bucket: say which with --storage s3://…"
                 )
               : ok();
}

Result<void> join_bucket(S3BlobStore& bucket, const std::string& data, KnownUploads uploads) {
    const bool has_uploads = uploads == KnownUploads::with_bytes;
    const bool is_made_anew = uploads == KnownUploads::none;
    std::string ours = mark_in(data + bucket_file);
    if (ours.empty() && has_uploads) {
        return on_disk(data);
    }
    const auto holds = has_blobs(bucket);
    const auto theirs = holds ? bucket.read_text(mark_name) : Result<std::string>(holds.error());
    if (!theirs) {
        return theirs.error();
    }
    if (!ours.empty() && *theirs == ours) {
        return is_made_anew && *holds ? rows_lost(bucket, data) : ok();
    }
    // Two that are new, or were when the first start was interrupted.
    if (has_uploads || *holds || !theirs->empty()) {
        return of_another(bucket, "the database in " + data);
    }
    if (ours.empty()) {
        ours = new_mark();
        if (auto written = write_file_whole(data + bucket_file, ours); !written) {
            return written;
        }
    }
    return mark_as(bucket, ours, "the database in " + data);
}

Result<void> join_bucket(
    S3BlobStore& bucket, PostgresDatabase& database, const std::string& data, KnownUploads uploads
) {
    const auto holds = has_blobs(bucket);
    auto theirs = holds ? bucket.read_text(mark_name) : Result<std::string>(holds.error());
    if (!theirs) {
        return std::move(theirs).error();
    }
    const bool is_new = !*holds && theirs->empty();
    const auto ours = is_new ? claimed_id(database) : storage_of(database);
    if (!ours) {
        return ours.error();
    }
    // Whoever claimed it may have ended before the bucket was marked.
    if (is_new && ours->starts_with(id_of_bucket) && uploads == KnownUploads::none) {
        theirs = mark_of(bucket, *ours);
        if (!theirs) {
            return std::move(theirs).error();
        }
    }
    if (ours->empty() || *theirs != *ours) {
        return of_another(bucket, "this database");
    }
    return mark_in(data + bucket_file) == *ours ? ok()
                                                : write_file_whole(data + bucket_file, *ours);
}

}  // namespace sluice::server
