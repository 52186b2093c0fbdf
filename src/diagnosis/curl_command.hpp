// A line that runs curl, as people paste it: what it sends, since -v does not print bodies. Pure.
// Within diagnosis/ alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "diagnosis/recorded_exchange.hpp"

namespace sluice::diagnosis {

struct CurlCommand {
    std::string url;
    std::vector<RecordedPart> parts;  // of -F, -d, --data-urlencode
};

CurlCommand curl_command_of(std::string_view line);

}  // namespace sluice::diagnosis
