// Every setting with the value that is in force and where it comes from, whether or not anybody said
// something: for GET /api/v1/system and `sluice config show --all`. The limits are one each. Nothing
// of a secret: files are named, and what may hold one is shown without it. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "server/settings.hpp"

namespace sluice::server {

struct SettingInForce {
    std::string key;   // of a limit "limits." and its name
    std::string flag;  // of a limit --limit
    std::string value;
    std::string origin;  // "default", or as in GivenSetting; of several "--limit, sluice.toml:3"
    std::string help;
};

// `connections_max`: what the open files of this machine allow for.
std::vector<SettingInForce> settings_in_force(
    const Settings& settings, std::size_t connections_max
);

}  // namespace sluice::server
