// `sluice config`: what a server would be set to, where each setting comes from, and a file to begin
// with. All of it from the table of settings.
#pragma once

#include <string>
#include <vector>

#include "server/settings.hpp"

namespace sluice::server {

// `words`: those after "config". Exit codes: 0 done, 2 wrong usage, 3 the settings cannot be used.
int config_command(const std::vector<std::string>& words, const Environment& environment);

// A configuration file with every setting as a comment.
std::string sample_config();
// The same as a table in Markdown: key, flag, variable, what it does.
std::string settings_table();

}  // namespace sluice::server
