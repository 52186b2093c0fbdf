#include "server/door_settings.hpp"

#include <expected>

#include "base/text.hpp"

namespace sluice::server {

using Outcome = SettingRow::Outcome;

Outcome apply_server_name(Settings& settings, const std::string& value) {
    if (value.empty() || value.find_first_of("/: ") != std::string::npos) {
        return std::unexpected("a host name without scheme and port");
    }
    settings.names.push_back(lower_case(value));
    return {};
}

Outcome apply_trusted_proxy(Settings& settings, const std::string& value) {
    const auto range = AddressRange::parse(value);
    if (!range) {
        return std::unexpected("an address or a range of them, as 10.0.0.7 or 10.0.0.0/8");
    }
    settings.proxies.push_back(*range);
    return {};
}

Outcome apply_cors_origin(Settings& settings, const std::string& value) {
    const auto scheme_end = value.find("://");
    const bool is_origin = scheme_end != std::string::npos &&
                           value.find_first_of("/ ", scheme_end + 3) == std::string::npos;
    if (!is_origin) {
        return std::unexpected("an origin, as https://app.example.org");
    }
    settings.cors_origins.push_back(lower_case(value));
    return {};
}

}  // namespace sluice::server
