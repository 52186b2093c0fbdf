// What is in force of each limit that --limit sets, and of each bucket of rates. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "server/settings_in_force.hpp"

namespace sluice::server {

std::vector<SettingInForce> limits_in_force(const Settings& settings, std::size_t connections_max);

}  // namespace sluice::server
