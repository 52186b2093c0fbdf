// The id by which a database of PostgreSQL knows the storage whose bytes its uploads have: one line in
// the file postgres.id of the data directory, or of the folder that nodes share. Until the database
// knows it too, it is in postgres.id.new.
#pragma once

#include <string>

#include "base/result.hpp"

namespace sluice::server {

inline constexpr const char* sqlite_file = "/sluice.db";
inline constexpr const char* mark_file = "/postgres.id";
// Of one of several nodes: its name among them.
inline constexpr const char* node_file = "/node.id";

std::string new_mark();
// Empty if there is none.
std::string read_mark(const std::string& data);
// The first line of a file; empty if there is none.
std::string read_line(const std::string& path);
// One line; whole or not at all, and durable.
Result<void> write_file_whole(const std::string& path, const std::string& line);
Result<void> write_mark(const std::string& data, const std::string& id);
// Of a storage that no database knows yet: the same for all who begin with it, at whatever time.
Result<std::string> promised_mark(const std::string& data);
// The database knows it now.
Result<void> keep_promised_mark(const std::string& data, const std::string& id);
Result<void> sync_directory(const std::string& data);

}  // namespace sluice::server
