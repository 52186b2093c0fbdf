// Recorded exchanges for other programs: as a HAR file (1.2, as browsers write it), and as a curl
// line that runs as printed.
#pragma once

#include <string>
#include <vector>

#include "protocol/common/recorder.hpp"

namespace sluice::protocol::native {

std::string as_har(const std::vector<Recorded>& oldest_first);

// Credentials are $SLUICE_TOKEN; media is the file "media" of the working directory.
std::string as_curl(const RecordedExchange& recorded);

}  // namespace sluice::protocol::native
