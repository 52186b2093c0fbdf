// What the commands that work on a data directory have in common: flags and no operands, --help, and values
// that a flag or a variable says.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <vector>

#include "cli/arguments.hpp"
#include "server/settings.hpp"

namespace sluice::server {

// Or the exit code of a command that is done with: help was shown (0), or it was used wrongly (2).
std::expected<cli::Arguments, int> flags_of(
    const char* command,
    const std::vector<std::string>& words,
    std::span<const cli::FlagRule> rules,
    const char* help
);

// By the flag, else by the variable, else `if_neither`.
std::string told(
    const cli::Arguments& arguments,
    const Environment& environment,
    const char* flag,
    const char* variable,
    const char* if_neither
);
// --data, else SLUICE_SERVER_DATA, else ./sluice-data.
std::string told_data(const cli::Arguments& arguments, const Environment& environment);

}  // namespace sluice::server
