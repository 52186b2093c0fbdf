// Copies all rows of an SQLite database into an empty one of PostgreSQL. The two schemas have the
// same tables with the same columns, but for the sums, which triggers keep.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "store/postgres/postgres_database.hpp"
#include "store/sqlite/connection.hpp"

namespace sluice::server {

struct CopiedTable {
    std::string name;
    std::uint64_t rows = 0;
};

// One transaction, in which the database also takes `mark` as its storage's. storage_failed, with
// facts, if there are rows in it already.
Result<std::vector<CopiedTable>> copy_rows(
    sqlite::Connection& from, PostgresDatabase& to, const std::string& mark
);

}  // namespace sluice::server
