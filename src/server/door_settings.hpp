// The settings that say whose words are believed at the doors, and whose pages may come in.
#pragma once

#include <string>

#include "server/setting_rows.hpp"

namespace sluice::server {

SettingRow::Outcome apply_server_name(Settings& settings, const std::string& value);
SettingRow::Outcome apply_trusted_proxy(Settings& settings, const std::string& value);
SettingRow::Outcome apply_cors_origin(Settings& settings, const std::string& value);

}  // namespace sluice::server
