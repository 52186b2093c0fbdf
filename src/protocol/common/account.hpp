// The caller as a user of X, for answers that show one: number, name, screen name. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "core/principal.hpp"

namespace sluice::protocol {

struct Account {
    std::uint64_t id = 0;
    std::string name;
    std::string user_name;  // letters, digits and '_', at most 15
};

// Without a number of their own (open mode), callers get one that is made of their principal, so it
// is the same in every call.
Account account_of(const Identity& who);

}  // namespace sluice::protocol
