#include "store/postgres/storage_mark.hpp"

namespace sluice {

using postgres::Rows;
using postgres::Session;

namespace {

constexpr char mark_sql[] =
    "INSERT INTO installation (key, value) VALUES ('storage', $1) ON CONFLICT DO NOTHING";
constexpr char find_sql[] = "SELECT value FROM installation WHERE key = 'storage'";
constexpr char has_uploads_sql[] = "SELECT EXISTS (SELECT 1 FROM uploads)::int";

Error refused(const std::string& facts) {
    return {.code = ErrorCode::storage_failed, .facts = facts};
}

Result<std::string> judged(Session& session, const std::string& id, const std::string& fresh) {
    if (id.empty()) {
        session.send(mark_sql, fresh);
    }
    const Rows found = session.query(find_sql);
    const Rows has_uploads = session.query(has_uploads_sql);
    if (session.failure()) {
        return Error{.code = ErrorCode::database_unavailable};
    }
    std::string known = found.empty() ? std::string() : found.front().text(0);
    if (known == (id.empty() ? fresh : id)) {
        return known;
    }
    if (id.empty() && !has_uploads.front().flag(0)) {
        return known;
    }
    if (known.empty()) {
        return refused(
            "The data directory belongs to a database (storage " + id +
            "), and this one does not know it: it is another, or it was made anew. All bytes would "
            "be taken "
            "for orphans and removed."
        );
    }
    return refused(
        "The uploads of this database are in the storage " + known + ", and this is " +
        (id.empty() ? "a new data directory" : "the storage " + id) +
        ". With bytes on the local disk a database serves one data directory."
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

Result<std::string> claim_storage(
    PostgresDatabase& database, const std::string& id, const std::string& fresh
) {
    std::string mark;
    auto done = database.perform([&](Session& session) -> Result<void> {
        auto judgement = judged(session, id, fresh);
        if (!judgement) {
            return std::move(judgement).error();
        }
        mark = *std::move(judgement);
        return ok();
    });
    return done ? Result<std::string>(mark) : std::move(done).error();
}

}  // namespace sluice
