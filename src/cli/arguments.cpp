#include "cli/arguments.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"

namespace sluice::cli {
namespace {

const FlagRule* find_rule(std::string_view word, std::span<const FlagRule> rules) {
    const auto found = std::ranges::find_if(rules, [word](const FlagRule& rule) {
        const bool is_letter = word.size() == 2 && rule.letter != 0 && word[1] == rule.letter;
        return word == rule.name || is_letter;
    });
    return found == rules.end() ? nullptr : &*found;
}

UsageError unknown_flag(std::string_view word, std::span<const FlagRule> rules) {
    std::vector<std::string_view> names;
    for (const auto& rule : rules) {
        names.push_back(rule.name);
    }
    auto text = "unknown flag " + printable(word);
    if (const auto nearest = nearest_word(word, names)) {
        text += "; did you mean " + std::string(*nearest) + "?";
    }
    return {text};
}

// One flag with its value; moves `at` to the last word used.
std::optional<UsageError> read_flag(
    std::span<const std::string> words,
    std::size_t& at,
    std::span<const FlagRule> rules,
    Arguments& arguments
) {
    const auto word = std::string_view(words[at]);
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    const auto* rule = find_rule(name, rules);
    if (rule == nullptr) {
        return unknown_flag(name, rules);
    }
    std::string value;
    if (equals != std::string_view::npos) {
        value = word.substr(equals + 1);
        if (!rule->takes_value) {
            return UsageError{std::string(name) + " takes no value"};
        }
    } else if (rule->takes_value) {
        if (at + 1 == words.size()) {
            return UsageError{std::string(name) + " needs a value"};
        }
        value = words[++at];
    }
    arguments.flags[std::string(rule->name)] = value;
    return std::nullopt;
}

}  // namespace

std::string Arguments::value(std::string_view flag) const {
    const auto found = flags.find(flag);
    return found == flags.end() ? std::string() : found->second;
}

std::expected<Arguments, UsageError> parse_arguments(
    std::span<const std::string> words, std::span<const FlagRule> rules
) {
    Arguments arguments;
    bool flags_ended = false;
    for (std::size_t at = 0; at < words.size(); ++at) {
        const auto& word = words[at];
        const bool is_flag = !flags_ended && word.size() > 1 && word.front() == '-';
        if (is_flag && word == "--") {
            flags_ended = true;
        } else if (!is_flag) {
            arguments.operands.push_back(word);
        } else if (auto error = read_flag(words, at, rules, arguments)) {
            return std::unexpected(*error);
        }
    }
    return arguments;
}

}  // namespace sluice::cli
