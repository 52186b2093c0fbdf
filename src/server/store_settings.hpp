// The settings that say where rows and bytes are kept, and what of the server runs here.
#pragma once

#include <string>

#include "server/setting_rows.hpp"

namespace sluice::server {

SettingRow::Outcome apply_data(Settings& settings, const std::string& value);
SettingRow::Outcome apply_database(Settings& settings, const std::string& value);
std::string shown_database(const std::string& value);
SettingRow::Outcome apply_storage(Settings& settings, const std::string& value);
SettingRow::Outcome apply_delivery(Settings& settings, const std::string& value);
SettingRow::Outcome apply_role(Settings& settings, const std::string& value);

}  // namespace sluice::server
