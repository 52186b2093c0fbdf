// `sluice restore`: makes a data directory of what `sluice backup` made.
#pragma once

#include <string>
#include <vector>

#include "server/settings.hpp"

namespace sluice::server {

// `words`: those after "restore". Exit codes: 0 done, 1 done, though bytes are missing or damaged, 2
// wrong usage, 3 there is no data directory.
int restore_command(const std::vector<std::string>& words, const Environment& environment);

}  // namespace sluice::server
