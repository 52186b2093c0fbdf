#include "server/command_words.hpp"

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "cli/error_text.hpp"

namespace sluice::server {

std::expected<cli::Arguments, int> flags_of(
    const char* command,
    const std::vector<std::string>& words,
    std::span<const cli::FlagRule> rules,
    const char* help
) {
    const bool asks_for_help = std::ranges::any_of(words, [](const std::string& word) {
        return word == "--help" || word == "-h";
    });
    if (asks_for_help) {
        std::fputs(help, stdout);
        return std::unexpected(0);
    }
    auto arguments = cli::parse_arguments(words, rules);
    if (!arguments || !arguments->operands.empty()) {
        const std::string wrong =
            arguments ? std::string(command) + " takes flags only" : arguments.error().text;
        return std::unexpected(cli::usage_error(std::cerr, wrong, command));
    }
    return *std::move(arguments);
}

std::string told(
    const cli::Arguments& arguments,
    const Environment& environment,
    const char* flag,
    const char* variable,
    const char* if_neither
) {
    const auto found = environment.find(variable);
    return arguments.has(flag)          ? arguments.value(flag)
           : found == environment.end() ? std::string(if_neither)
                                        : found->second;
}

std::string told_data(const cli::Arguments& arguments, const Environment& environment) {
    return told(arguments, environment, "--data", "SLUICE_SERVER_DATA", "./sluice-data");
}

}  // namespace sluice::server
