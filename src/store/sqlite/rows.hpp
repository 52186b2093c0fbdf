// How values become rows and rows become values. The order of columns is that of the statements in
// statements.hpp.
#pragma once

#include "core/output.hpp"
#include "core/upload.hpp"
#include "core/usage.hpp"
#include "store/sqlite/connection.hpp"

namespace sluice::sqlite {

inline std::int64_t stored(std::uint64_t number) {
    return static_cast<std::int64_t>(number);
}
inline std::int64_t stored(WallTime time) {
    return time.time_since_epoch().count();
}
inline WallTime time_from(std::int64_t milliseconds) {
    return WallTime{std::chrono::milliseconds{milliseconds}};
}

// From `upload_columns` and `segment_columns`. A row that this program cannot have written is
// storage_failed.
Result<Upload> read_upload(const Statement& row);
// From three columns.
Extent read_extent(const Statement& row, int column);
Segment read_segment(const Statement& row);
Output read_output(const Statement& row);

// store_conflict if the id is taken.
Result<void> insert_upload(Connection& connection, const Upload& upload);
// Every column but the id, has_bytes.
Result<void> update_upload(Connection& connection, const Upload& upload);
// The same for a row that is known as it stands: most changes move its state and little more, and each column that
// is written costs what hangs on it, the indexes and triggers.
Result<void> update_upload(Connection& connection, const Upload& stands, const Upload& upload);
// The same for one of segments that FINALIZE moves on, without reading it before. False: it is not open any more, or has
// other segments.
Result<bool> close_upload(Connection& connection, const Upload& upload);
// store_conflict if the index is taken.
Result<void> insert_segment(Connection& connection, MediaId id, const Segment& segment);
Result<void> insert_output(
    Connection& connection, MediaId id, std::int64_t position, const Output& output
);

// Whoever owns it; store_not_found.
Result<Upload> load_upload(Connection& connection, MediaId id);
Result<SegmentMap> load_segments(Connection& connection, MediaId id);
// Of all open uploads without a segment.
Result<ByteCount> load_promised(Connection& connection);
Result<Usage> load_usage(Connection& connection, const Principal& owner);

}  // namespace sluice::sqlite
