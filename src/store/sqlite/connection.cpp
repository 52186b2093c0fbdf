#include "store/sqlite/connection.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <utility>

#include "base/assert.hpp"
#include "store/sqlite/vfs.hpp"

namespace sluice::sqlite {
namespace {

// A net only: readers never wait for the writer in WAL mode, and there is one writer.
constexpr int busy_timeout_ms = 5000;

// Want of memory, or of room for the shared index of the log, says nothing of what the disk holds.
bool loses_trust(int extended, bool is_full) {
    switch (extended) {
        case SQLITE_IOERR_NOMEM:
        case SQLITE_IOERR_SHMOPEN:
        case SQLITE_IOERR_SHMSIZE:
        case SQLITE_IOERR_SHMMAP:
        case SQLITE_IOERR_SHMLOCK:
        case SQLITE_IOERR_LOCK:
            return false;
        default:
            break;
    }
    const int code = extended & 0xff;
    const bool is_sync = extended == SQLITE_IOERR_FSYNC || extended == SQLITE_IOERR_DIR_FSYNC;
    return (code == SQLITE_IOERR && (is_sync || !is_full)) || code == SQLITE_CORRUPT ||
           code == SQLITE_NOTADB;
}

bool is_want_of_room(int error_number) {
    return error_number == ENOSPC || error_number == EDQUOT;
}

bool bound(
    sqlite3_stmt* handle, int index, std::string_view text, sqlite3_destructor_type destructor
) {
    const char* begin = text.data() == nullptr ? "" : text.data();
    return sqlite3_bind_text64(handle, index, begin, text.size(), destructor, SQLITE_UTF8) ==
           SQLITE_OK;
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), owner_(other.owner_) {}

Statement::~Statement() {
    if (handle_ != nullptr) {
        // Text parameters belong to the caller; let go of them.
        sqlite3_reset(handle_);
        sqlite3_clear_bindings(handle_);
    }
}

void Statement::bind(int index, std::int64_t number) {
    SLUICE_ASSERT(sqlite3_bind_int64(handle_, index, number) == SQLITE_OK);
}

void Statement::bind(int index, std::string_view text) {
    SLUICE_ASSERT(bound(handle_, index, text, SQLITE_TRANSIENT));
}

void Statement::lend(int index, std::string_view text) {
    SLUICE_ASSERT(bound(handle_, index, text, SQLITE_STATIC));
}

void Statement::bind(int index, std::optional<std::int64_t> number) {
    if (number) {
        bind(index, *number);
    } else {
        SLUICE_ASSERT(sqlite3_bind_null(handle_, index) == SQLITE_OK);
    }
}

Result<bool> Statement::step() {
    const int code = sqlite3_step(handle_);
    if (code == SQLITE_ROW || code == SQLITE_DONE) {
        return code == SQLITE_ROW;
    }
    return owner_.failure(sqlite3_sql(handle_));
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(handle_, column);
}

std::optional<std::int64_t> Statement::optional_integer(int column) const {
    if (sqlite3_column_type(handle_, column) == SQLITE_NULL) {
        return std::nullopt;
    }
    return integer(column);
}

std::string Statement::text(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_, column));
    const int length = sqlite3_column_bytes(handle_, column);
    return bytes == nullptr ? std::string() : std::string(bytes, static_cast<std::size_t>(length));
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path) {
    sqlite3* handle = nullptr;
    constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags, vfs_name());
    std::unique_ptr<Connection> connection(new Connection(handle));
    if (code != SQLITE_OK) {
        return connection->failure("open");
    }
    sqlite3_busy_timeout(handle, busy_timeout_ms);
    connection->let_schema_be_written(false);
    return connection;
}

Connection::~Connection() {
    for (const auto& [sql, statement] : statements_) {
        sqlite3_finalize(statement);
    }
    sqlite3_close(handle_);
}

Result<Statement> Connection::prepared(const char* sql) {
    const auto known = statements_.find(sql);
    if (known != statements_.end()) {
        return Statement(known->second, *this);
    }
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) !=
        SQLITE_OK) {
        return failure(sql);
    }
    statements_.emplace(sql, statement);
    return Statement(statement, *this);
}

Result<std::int64_t> Connection::finish(Statement& statement) {
    auto stepped = statement.step();
    if (!stepped) {
        return std::move(stepped).error();
    }
    return std::int64_t{sqlite3_changes64(handle_)};
}

Result<void> Connection::script(const char* sql) {
    if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
        return failure("script");
    }
    return ok();
}

void Connection::let_schema_be_written(bool may) {
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, may ? 0 : 1, nullptr);
}

std::int64_t Connection::changes() const {
    return sqlite3_total_changes64(handle_);
}

bool Connection::is_outside_transaction() const {
    return sqlite3_get_autocommit(handle_) != 0;
}

// Called right after the call that failed: a later one on the handle would overwrite its code.
Error Connection::failure(std::string_view doing) {
    const int extended = sqlite3_extended_errcode(handle_);
    const int code = extended & 0xff;
    const bool is_full =
        code == SQLITE_FULL || ((code == SQLITE_IOERR || code == SQLITE_CANTOPEN) &&
                                is_want_of_room(sqlite3_system_errno(handle_)));
    has_lost_trust_ = has_lost_trust_ || loses_trust(extended, is_full);
    return {
        .code = is_full ? ErrorCode::storage_full : ErrorCode::storage_failed,
        .facts = std::string("The database says: ") + sqlite3_errstr(code) + ".",
        .detail = "sqlite, " + std::string(doing) + ": " + sqlite3_errmsg(handle_) + " (" +
                  std::to_string(extended) + ")",
    };
}

}  // namespace sluice::sqlite
