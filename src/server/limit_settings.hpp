// --limit NAME=VALUE and [limits]: sizes, quotas and rates.
#pragma once

#include <string>

#include "server/setting_rows.hpp"

namespace sluice::server {

SettingRow::Outcome apply_limit(Settings& settings, const std::string& value);

// Ours or X's, with what was said of single buckets.
RateLimits rate_limits(const Settings& settings);

}  // namespace sluice::server
