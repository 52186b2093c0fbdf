#include "server/setting_values.hpp"

#include <algorithm>
#include <array>
#include <utility>

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

std::optional<std::chrono::seconds> duration_of(std::string_view value) {
    static constexpr std::array<std::pair<char, std::uint64_t>, 4> units{
        {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86'400}}
    };
    std::uint64_t seconds = 1;
    for (const auto& [letter, of_it] : units) {
        if (value.ends_with(letter)) {
            value.remove_suffix(1);
            seconds = of_it;
            break;
        }
    }
    const auto number = parse_unsigned(value);
    const bool is_sane = number && *number > 0 && *number < 4'000'000'000ULL / seconds;
    return is_sane ? std::optional(std::chrono::seconds(*number * seconds)) : std::nullopt;
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
