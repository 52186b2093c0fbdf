#include "cli/shell_lines.hpp"

namespace sluice::cli {
namespace {

// Between single quotes both shells take every character as itself, but for these: sh has no escape
// there, so a quote ends the quotes and stands by itself; fish knows \' and \\.
std::string quoted(Shell shell, std::string_view value) {
    std::string text = "'";
    for (const char c : value) {
        if (c == '\'') {
            text += shell == Shell::sh ? "'\\''" : "\\'";
        } else if (c == '\\' && shell == Shell::fish) {
            text += "\\\\";
        } else {
            text += c;
        }
    }
    return text + "'";
}

}  // namespace

std::optional<Shell> parse_shell(std::string_view name) {
    if (name == "sh" || name == "bash" || name == "zsh") {
        return Shell::sh;
    }
    return name == "fish" ? std::optional(Shell::fish) : std::nullopt;
}

std::string shell_line(Shell shell, std::string_view name, std::string_view value) {
    const auto text = quoted(shell, value);
    return shell == Shell::sh ? "export " + std::string(name) + "=" + text + "\n"
                              : "set -gx " + std::string(name) + " " + text + "\n";
}

// Node splits the variable at blanks and knows double quotes with backslashes in them.
std::string with_node_hook(const std::string& node_options, const std::string& file) {
    std::string option = "--require \"";
    for (const char c : file) {
        option += c == '"' || c == '\\' ? "\\" : "";
        option += c;
    }
    option += "\"";
    if (node_options.contains(option)) {
        return node_options;
    }
    return node_options.empty() ? option : node_options + " " + option;
}

}  // namespace sluice::cli
