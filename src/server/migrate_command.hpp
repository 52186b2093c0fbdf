// `sluice migrate`: takes the rows of a data directory from SQLite to PostgreSQL, while no server runs
// on it. The bytes stay where they are.
#pragma once

#include <string>
#include <vector>

#include "server/settings.hpp"

namespace sluice::server {

// `words`: those after "migrate". Exit codes: 0 done (also if it was done before), 2 wrong usage, 3 it
// cannot be done; nothing has changed then, unless the text says so.
int migrate_command(const std::vector<std::string>& words, const Environment& environment);

}  // namespace sluice::server
