// The schema, version by version: entry N-1 takes the database from version N-1 to N in one
// transaction. Entries are added at the end and never changed; there is no way back. The texts are
// the schema_N.sql files of this folder, put into the binary by CMake.
#pragma once

#include <span>

namespace sluice::postgres {

std::span<const char* const> migrations();

}  // namespace sluice::postgres
