// What the server is made of: the one page where the object graph is built, by hand, and taken down
// again.
#pragma once

#include "server/settings.hpp"

namespace sluice::server {

// Runs until SIGTERM or SIGINT. Returns the exit code; errors are told on stderr.
int run_server(const Settings& settings);

}  // namespace sluice::server
