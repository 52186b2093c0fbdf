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

// What is there already, and `more` unless it is in it.
std::string joined(const std::string& there, char between, const std::string& more) {
    if (there.contains(more)) {
        return there;
    }
    return there.empty() ? more : there + between + more;
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
    return joined(node_options, ' ', option);
}

RubyHook with_ruby_hook(
    const std::string& ruby_options, const std::string& ruby_library, const std::string& file
) {
    const auto slash = file.rfind('/') + 1;
    const auto name = file.substr(slash, file.rfind('.') - slash);
    return {
        .options = joined(ruby_options, ' ', "-r" + name),
        .library = joined(ruby_library, ':', file.substr(0, slash == 0 ? 0 : slash - 1))
    };
}

}  // namespace sluice::cli
