// The id by which a database of PostgreSQL knows the data directory whose bytes its uploads have: one
// line in the file postgres.id.
#pragma once

#include <string>

#include "base/result.hpp"

namespace sluice::server {

inline constexpr const char* sqlite_file = "/sluice.db";
inline constexpr const char* mark_file = "/postgres.id";

std::string new_mark();
// Empty if there is none.
std::string read_mark(const std::string& data);
// One line; whole or not at all, and durable.
Result<void> write_file_whole(const std::string& path, const std::string& line);
Result<void> write_mark(const std::string& data, const std::string& id);
Result<void> sync_directory(const std::string& data);

}  // namespace sluice::server
