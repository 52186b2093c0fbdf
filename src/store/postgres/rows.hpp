// How values become rows and rows become values. The order of columns is that of the statements in
// statements.hpp. What reads a session follows its failure (session.hpp).
#pragma once

#include <vector>

#include "core/job.hpp"
#include "core/output.hpp"
#include "core/upload.hpp"
#include "store/postgres/session.hpp"

namespace sluice::postgres {

// As the schema writes them.
constexpr std::string_view name_of(Lane lane) {
    return lane == Lane::quick ? "quick" : "film";
}

Error conflict(MediaId id, std::string detail);
Error not_found(MediaId id);

// A row that this program cannot have written is storage_failed.
Result<Upload> read_upload(const Row& row);
Result<std::vector<Upload>> read_uploads(const Rows& rows);
// From three columns.
Extent read_extent(const Row& row, int column);
std::vector<Extent> read_extents(const Rows& rows);
SegmentMap read_segments(const Rows& rows);
Output read_output(const Row& row);

// These queue a statement, to be sent with what follows.
void send_upload(Session& session, const char* sql, const Upload& upload);
void send_segment(Session& session, MediaId id, const Segment& segment);
void send_outputs(Session& session, MediaId id, const std::vector<Output>& outputs);

// The row, which nobody else changes until the end of the transaction; store_not_found.
Result<Upload> lock_upload(Session& session, MediaId id);
// store_conflict if the id is taken, or the upload has a job already.
Result<void> insert_job(Session& session, const NewJob& job);

}  // namespace sluice::postgres
