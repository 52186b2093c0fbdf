#include "server/setting_values.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sluice::server {

std::optional<ListenAddress> address_of(const std::string& value) {
    const auto colon = value.rfind(':');
    const auto port =
        parse_unsigned(colon == std::string::npos ? "" : std::string_view(value).substr(colon + 1));
    if (!port || *port > 65535 || colon == 0) {
        return std::nullopt;
    }
    std::string host = value.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    return ListenAddress{std::move(host), static_cast<std::uint16_t>(*port)};
}

std::optional<protocol::InterimRules> interim_rules_of(std::string_view value) {
    protocol::InterimRules rules{.versions = {}, .without_version = false};
    while (!value.empty()) {
        const auto word = value.substr(0, value.find(','));
        value.remove_prefix(std::min(word.size() + 1, value.size()));
        const auto version = parse_unsigned(word);
        if (!version && word != "rfc") {
            return std::nullopt;
        }
        if (version) {
            rules.versions.push_back(*version);
        } else {
            rules.without_version = true;
        }
    }
    return rules;
}

}  // namespace sluice::server
