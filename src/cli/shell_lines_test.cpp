#include "cli/shell_lines.hpp"

#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

TEST(ShellLines, QuoteEveryValueWhole) {
    EXPECT_EQ(shell_line(Shell::sh, "A", "b c"), "export A='b c'\n");
    EXPECT_EQ(shell_line(Shell::sh, "A", "$(rm x)`y`\"\\"), "export A='$(rm x)`y`\"\\'\n");
    EXPECT_EQ(shell_line(Shell::sh, "A", "it's"), "export A='it'\\''s'\n");
    EXPECT_EQ(shell_line(Shell::fish, "A", "it's \\ $x"), "set -gx A 'it\\'s \\\\ $x'\n");
}

TEST(ShellLines, KnowTheShellsByName) {
    EXPECT_EQ(parse_shell("bash"), Shell::sh);
    EXPECT_EQ(parse_shell("fish"), Shell::fish);
    EXPECT_EQ(parse_shell("cmd"), std::nullopt);
}

TEST(ShellLines, TheNodeHookIsAddedOnce) {
    const auto once = with_node_hook("--no-warnings", "/a b/hook.cjs");
    EXPECT_EQ(once, "--no-warnings --require \"/a b/hook.cjs\"");
    EXPECT_EQ(with_node_hook(once, "/a b/hook.cjs"), once);
    EXPECT_EQ(with_node_hook("", "/a\"b.cjs"), "--require \"/a\\\"b.cjs\"");
}

TEST(ShellLines, TheRubyHookIsFoundByItsFolder) {
    const auto once = with_ruby_hook("-w", "/lib", "/a b/hook.rb");
    EXPECT_EQ(once.options, "-w -rhook");
    EXPECT_EQ(once.library, "/lib:/a b");
    const auto twice = with_ruby_hook(once.options, once.library, "/a b/hook.rb");
    EXPECT_EQ(twice.options, once.options);
    EXPECT_EQ(twice.library, once.library);
}

}  // namespace
}  // namespace sluice::cli
