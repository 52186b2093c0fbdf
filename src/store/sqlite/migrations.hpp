// The schema, version by version: entry N-1 takes the database from version N-1 to N in one
// transaction and ends by setting PRAGMA user_version. Entries are added at the end and never
// changed. The texts are the schema_N.sql files of this folder, put into the binary by CMake.
#pragma once

#include <span>

namespace sluice::sqlite {

std::span<const char* const> migrations();

}  // namespace sluice::sqlite
