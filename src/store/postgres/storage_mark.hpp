// Which storage has the bytes of the uploads in a database. A storage that serves another database
// would take them for orphans and remove them, so the two know each other by an id.
#pragma once

#include <string>

#include "store/postgres/postgres_database.hpp"

namespace sluice {

// `id`: what the storage is marked with, or will be from now on (`is_new`; only then a database that
// knows no storage yet takes it). Of several that come at once one gets the database. storage_failed,
// with facts, if the two do not belong together.
Result<void> claim_storage(PostgresDatabase& database, const std::string& id, bool is_new);

// What the database is marked with; empty if it is not.
Result<std::string> storage_of(PostgresDatabase& database);

}  // namespace sluice
