// The lines by which a shell sets variables, for `eval "$(sluice env)"`. Values come from a server
// and are quoted whole: nothing in them is ever run. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::cli {

enum class Shell : std::uint8_t { sh, fish };

std::optional<Shell> parse_shell(std::string_view name);

// "export NAME='value'" or "set -gx NAME 'value'". The value is taken as it is, the name is ours.
std::string shell_line(Shell shell, std::string_view name, std::string_view value);

// NODE_OPTIONS with --require FILE behind what it holds already; unchanged if it is there.
std::string with_node_hook(const std::string& node_options, const std::string& file);

// How RUBYOPT and RUBYLIB load FILE, a .rb in a folder of its own. RUBYOPT knows no quotes and
// RUBYLIB no colons, so the folder is found by the second and the file named to the first.
struct RubyHook {
    std::string options;
    std::string library;
};
RubyHook with_ruby_hook(
    const std::string& ruby_options, const std::string& ruby_library, const std::string& file
);

}  // namespace sluice::cli
