// Values of settings that have a form of their own, as text turned into what they mean. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/common/interim_rules.hpp"
#include "server/settings.hpp"

namespace sluice::server {

// "127.0.0.1:8080", "[::1]:0".
std::optional<ListenAddress> address_of(const std::string& value);

// "90s", "15m", "12h", "30d"; a number alone is seconds. From 1 s to some hundred years.
std::optional<std::chrono::seconds> duration_of(std::string_view value);

// "8,9,rfc": versions of the drafts, and those that name none.
std::optional<protocol::InterimRules> interim_rules_of(std::string_view value);

}  // namespace sluice::server
