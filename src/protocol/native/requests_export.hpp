// Recorded exchanges for other programs: as a HAR file (1.2, as browsers write it), and as a curl
// line that runs as printed.
#pragma once

#include <string>
#include <vector>

#include "protocol/common/recorder.hpp"

namespace sluice::protocol::native {

std::string as_har(const std::vector<Recorded>& oldest_first);

// Credentials are $SLUICE_TOKEN, or where anybody is believed the name of the caller; media is the file
// "media" of the working directory. Lines of comment behind it say what is lacking.
std::string as_curl(const RecordedExchange& recorded, bool believes_anybody);

}  // namespace sluice::protocol::native
