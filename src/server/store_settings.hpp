// The settings that say where rows and bytes are kept, and what of the server runs here.
#pragma once

#include <optional>
#include <string>

#include "server/setting_rows.hpp"

namespace sluice::server {

SettingRow::Outcome apply_data(Settings& settings, const std::string& value);
SettingRow::Outcome apply_database(Settings& settings, const std::string& value);
std::string shown_database(const std::string& value);
SettingRow::Outcome apply_storage(Settings& settings, const std::string& value);
std::string shown_storage(const std::string& value);
SettingRow::Outcome apply_delivery(Settings& settings, const std::string& value);
SettingRow::Outcome apply_role(Settings& settings, const std::string& value);
// Why what was said of them does not go together: a sentence, and what would.
std::optional<std::string> refused_combination(const Settings& settings);

}  // namespace sluice::server
