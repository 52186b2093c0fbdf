#include "store/postgres/storage_mark.hpp"

namespace sluice {

using postgres::Rows;
using postgres::Session;

namespace {

constexpr char mark_sql[] =
    "INSERT INTO installation (key, value) VALUES ('storage', $1) ON CONFLICT DO NOTHING";
constexpr char find_sql[] = "SELECT value FROM installation WHERE key = 'storage'";

Error refused(const std::string& facts) {
    return {.code = ErrorCode::storage_failed, .facts = facts};
}

Result<void> judged(const std::string& known, const std::string& id, bool is_new) {
    if (known == id) {
        return ok();
    }
    if (known.empty()) {
        return refused(
            "The data directory belongs to a database (storage " + id +
            "), and this one does not know it: it is another, or it was made anew. All bytes would "
            "be taken for orphans and removed."
        );
    }
    return refused(
        "The uploads of this database are in the storage " + known + ", and this is " +
        (is_new ? "a new data directory" : "the storage " + id) +
        ". A database serves one storage; nodes that share a database share it (--storage "
        "file:///…)."
    );
}

}  // namespace

Result<std::string> storage_of(PostgresDatabase& database) {
    const auto rows = database.query(find_sql);
    if (!rows) {
        return rows.error();
    }
    return rows->empty() ? std::string() : rows->front().text(0);
}

Result<void> claim_storage(PostgresDatabase& database, const std::string& id, bool is_new) {
    return database.perform([&](Session& session) -> Result<void> {
        if (is_new) {
            session.send(mark_sql, id);
        }
        const Rows found = session.query(find_sql);
        const std::string known = found.empty() ? std::string() : found.front().text(0);
        return session.failure() ? ok() : judged(known, id, is_new);
    });
}

}  // namespace sluice
