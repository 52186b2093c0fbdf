// Connection: one SQLite database handle with its prepared statements; Statement: a run of one of
// them. SQL texts are constants with bound parameters; nothing is ever pasted into them. A
// connection is used by one thread at a time (the writer's thread, or whoever borrowed it from the
// ReaderPool). Errors of SQLite become storage_full or storage_failed here, with their text in the
// private detail.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace sluice::sqlite {

class Connection;

// Bound to its parameters, borrowed from its connection's cache; at its end it is reset and free
// again.
class Statement {
  public:
    Statement(sqlite3_stmt* handle, Connection& owner) : handle_(handle), owner_(owner) {}
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&&) = delete;
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    ~Statement();

    // Parameters in order from 1. A text is copied; a lent one is the caller's, and outlives the run.
    void bind(int index, std::int64_t number);
    void bind(int index, std::string_view text);
    void bind(int index, std::optional<std::int64_t> number);
    void lend(int index, std::int64_t number) { bind(index, number); }
    void lend(int index, std::string_view text);
    void lend(int index, std::optional<std::int64_t> number) { bind(index, number); }

    // True: a row is there to be read; false: no more.
    Result<bool> step();

    std::int64_t integer(int column) const;
    std::optional<std::int64_t> optional_integer(int column) const;
    std::string text(int column) const;

  private:
    sqlite3_stmt* handle_;  // nullptr once moved from
    Connection& owner_;
};

class Connection {
  public:
    // Opens an existing file.
    static Result<std::unique_ptr<Connection>> open(const std::string& path);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    // `sql` must live for ever: its address is the key of the cache.
    template <class... Values>
    Result<Statement> query(const char* sql, const Values&... values) {
        auto statement = prepared(sql);
        if (statement) {
            [[maybe_unused]] int index = 0;
            (statement->bind(++index, values), ...);
        }
        return statement;
    }

    // Runs a statement without rows; the number of rows that it changed.
    template <class... Values>
    Result<std::int64_t> execute(const char* sql, const Values&... values) {
        auto statement = prepared(sql);
        if (!statement) {
            return std::move(statement).error();
        }
        [[maybe_unused]] int index = 0;
        (statement->lend(++index, values), ...);  // which stand until this returns
        return finish(*statement);
    }

    // Several statements, not cached: schema and pragmas.
    Result<void> script(const char* sql);

    // Whether the text of the schema may be written: for a migration alone, as some do it. A library may
    // be built so that it may not until somebody says so.
    void let_schema_be_written(bool may);

    // Rows changed so far, in whatever transaction: grows with each change.
    std::int64_t changes() const;
    // SQLite ended the transaction by itself (a full disk, an I/O error).
    bool is_outside_transaction() const;
    // There was an error after which nobody knows what the disk holds: SQLITE_IOERR,
    // SQLITE_CORRUPT, SQLITE_NOTADB. It stays so.
    bool has_lost_trust() const { return has_lost_trust_; }

  private:
    explicit Connection(sqlite3* handle) : handle_(handle) {}
    Result<Statement> prepared(const char* sql);
    Result<std::int64_t> finish(Statement& statement);
    friend class Statement;
    Error failure(std::string_view doing);

    sqlite3* handle_;
    std::map<const char*, sqlite3_stmt*> statements_;
    bool has_lost_trust_ = false;
};

}  // namespace sluice::sqlite
