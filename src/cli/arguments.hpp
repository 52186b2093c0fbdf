// Splits the words of a command into flags and operands: `--flag=value`, `--flag value`, `--` ends
// flags, flags may stand after operands, no abbreviations. Pure. What it does not know it names,
// with the nearest flag.
#pragma once

#include <expected>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

struct FlagRule {
    std::string_view name;  // with its two minus signs
    bool takes_value = false;
    char letter = 0;  // short form, or 0
};

struct Arguments {
    std::map<std::string, std::string, std::less<>> flags;
    std::vector<std::string> operands;

    bool has(std::string_view flag) const { return flags.contains(flag); }
    // Empty if the flag was not given.
    std::string value(std::string_view flag) const;
};

// The sentence says what is wrong; exit code 2.
struct UsageError {
    std::string text;
};

std::expected<Arguments, UsageError> parse_arguments(
    std::span<const std::string> words, std::span<const FlagRule> rules
);

}  // namespace sluice::cli
