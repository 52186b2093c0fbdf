// `sluice keys create|list|revoke|rotate`: works on a data directory, also while a server runs on
// it and before one ever did; or, with --server, over the native API. Secrets go to stdout once and
// nowhere else.
#pragma once

#include <string>
#include <vector>

#include "server/settings.hpp"

namespace sluice::server {

// `words`: those after "keys". Returns the exit code.
int keys_command(const std::vector<std::string>& words, const Environment& environment);

std::string keys_help();

}  // namespace sluice::server
