// `sluice fsck`: compares a data directory's metadata with its files, while no server runs on it.
#pragma once

#include <string>
#include <vector>

#include "server/settings.hpp"

namespace sluice::server {

// `words`: those after "fsck". Exit codes: 0 all is well, 1 problems were found, 2 wrong usage, 3 the
// directory cannot be looked at.
int fsck_command(const std::vector<std::string>& words, const Environment& environment);

}  // namespace sluice::server
