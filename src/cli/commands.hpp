// One function per command: takes the words after its name, returns the exit code.
#pragma once

#include <span>
#include <string>

#include "cli/cli.hpp"

namespace sluice::cli {

using Words = std::span<const std::string>;

int upload_command(Words words, Console& console);
int status_command(Words words, Console& console);
int list_command(Words words, Console& console);
int delete_command(Words words, Console& console);
int env_command(Words words, Console& console);
int diagnose_command(Words words, Console& console);
int ping_command(Words words, Console& console);

}  // namespace sluice::cli
