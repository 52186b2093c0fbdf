// Whoever a request speaks for. Every upload belongs to one principal; another's upload does not
// exist for you. Value.
#pragma once

#include <compare>
#include <string>

namespace sluice {

struct Principal {
    std::string id;  // "anonymous", or "token:" and a digest: never the credential itself
    auto operator<=>(const Principal&) const = default;
};

}  // namespace sluice
