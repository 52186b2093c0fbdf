// Which storage has the bytes of the uploads in a database. A storage that serves another database
// would take them for orphans and remove them, so the two know each other by an id.
#pragma once

#include <string>

#include "store/postgres/postgres_database.hpp"

namespace sluice {

// `id`: what the storage is marked with; empty if it is new. Returns what it must be marked with: its
// own, the `fresh` one, or that of a database that has no upload yet. storage_failed, with facts, if
// the two do not belong together.
Result<std::string> claim_storage(
    PostgresDatabase& database, const std::string& id, const std::string& fresh
);

// What the database is marked with; empty if it is not.
Result<std::string> storage_of(PostgresDatabase& database);

}  // namespace sluice
