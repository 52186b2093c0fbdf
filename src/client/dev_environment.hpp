// What a development server offers to clients that have X's hosts built in: GET /api/v1/dev/env.
// Pure; data from outside, a member that is missing or null is empty.
#pragma once

#include <optional>
#include <string>

namespace sluice::client {

struct DevEnvironment {
    std::string proxy_url;
    std::string ca_bundle_file;
    std::string node_hook_file;
    std::string ruby_hook_file;
};

// Nothing if it is not a JSON object.
std::optional<DevEnvironment> parse_dev_environment(const std::string& body);

}  // namespace sluice::client
