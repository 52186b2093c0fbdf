// The table of all settings of `sluice serve`: one row each, with its flag, its key in the file (the
// variable is SLUICE_ and the key in upper case, dots as '_'), and how its value is taken.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "server/settings.hpp"

namespace sluice::server {

struct SettingRow {
    // An error says what the value must be.
    using Outcome = std::expected<void, std::string>;

    std::string_view flag;
    std::string_view key;
    std::string_view value_name;  // empty: the flag takes no value
    std::string_view help;
    Outcome (*apply)(Settings&, const std::string& value);
    bool repeats = false;
    // How the value is shown; nothing: as it is. For what may hold a secret.
    std::string (*shown)(const std::string& value) = nullptr;
};

std::span<const SettingRow> setting_rows();

// Only this machine can reach it.
bool is_loopback(std::string_view host);

}  // namespace sluice::server
