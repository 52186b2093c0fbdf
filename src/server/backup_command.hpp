// `sluice backup`: a consistent copy of a data directory, also while a server runs on it.
#pragma once

#include <string>
#include <vector>

#include "server/settings.hpp"

namespace sluice::server {

// `words`: those after "backup". Exit codes: 0 done, 1 done, though bytes were missing or damaged in
// the source already, 2 wrong usage, 3 there is no backup.
int backup_command(const std::vector<std::string>& words, const Environment& environment);

}  // namespace sluice::server
