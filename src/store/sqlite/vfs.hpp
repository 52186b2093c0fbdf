// SQLite's own way to files, but for one thing. The index of the write-ahead log is a file ("-shm") that
// SQLite maps. Where a block of the file system is smaller than a page, a page of it that was never
// written needs room when it is first touched; on a full disk that is SIGBUS, the end of the process.
// Here each region is touched first in a way that can fail (madvise MADV_POPULATE_WRITE, Linux 5.14),
// and the answer is SQLITE_FULL.
#pragma once

namespace sluice::sqlite {

// Its name, for sqlite3_open_v2(). Registered by the first call; any thread. Null: SQLite's default.
const char* vfs_name();

}  // namespace sluice::sqlite
