// SqliteDatabase: one SQLite file (WAL), its one writer and its readers, shared by all stores that keep
// their rows in it. Reads run on the caller's thread over a few read-only connections; changes go
// through the WriteQueue and are durable when they return. After an I/O error it refuses changes
// (fail-stop) and goes on reading. Not for NFS.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"

namespace sluice {

namespace sqlite {
class Connection;
class ReaderPool;
class WriteQueue;
}  // namespace sqlite

struct SqliteOptions {
    // strict: synchronous=FULL, what returned survives power loss. Off: NORMAL, it survives a kill
    // only, but for what a FINALIZE, a DELETE, a keep or the end of a job commits: that is synced.
    bool strict = true;
    // Connections for reading; more readers than these wait for each other.
    std::size_t readers = 4;
    // Asked when the disk is full; true: there is a little room now, the commit is tried once more. `is_vital`: only what
    // ends uploads and jobs or frees room is tried.
    std::function<bool(bool is_vital)> make_room = {};
};

class SqliteDatabase {
  public:
    // Makes the file (mode 0600) or brings its schema up to date. storage_failed, with facts, for a
    // schema that is newer than this program.
    static Result<std::shared_ptr<SqliteDatabase>> open(
        const std::string& path, SqliteOptions options = {}
    );
    SqliteDatabase(
        std::unique_ptr<sqlite::WriteQueue> writer, std::unique_ptr<sqlite::ReaderPool> readers
    );
    SqliteDatabase(const SqliteDatabase&) = delete;
    SqliteDatabase& operator=(const SqliteDatabase&) = delete;
    // Waits for what is queued.
    ~SqliteDatabase();

    sqlite::WriteQueue& writer() { return *writer_; }
    sqlite::ReaderPool& readers() { return *readers_; }

  private:
    std::unique_ptr<sqlite::ReaderPool> readers_;
    std::unique_ptr<sqlite::WriteQueue> writer_;
};

}  // namespace sluice
