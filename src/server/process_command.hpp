// `sluice process`: the pipeline of the server on a local file, for trying rules and for debugging.
#pragma once

#include <string>
#include <vector>

namespace sluice::server {

// `words`: those after "process". Exit codes: 0 done, 2 wrong usage, 3 the file or the folder cannot be
// used or no worker be started, 6 the medium is refused, 7 processing failed, 130 interrupted.
int process_command(const std::vector<std::string>& words);

}  // namespace sluice::server
