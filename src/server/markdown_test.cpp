#include "server/markdown.hpp"

#include <gtest/gtest.h>

namespace sluice::server {
namespace {

TEST(Markdown, JoinsTheLinesOfAParagraphAndOfAnItem) {
    EXPECT_EQ(markdown_html("one\ntwo\n\nthree", "/docs/"), "<p>one two</p>\n<p>three</p>\n");
    EXPECT_EQ(
        markdown_html("- one\n  more\n- two\n\nafter", "/docs/"),
        "<ul>\n<li>one more</li>\n<li>two</li>\n</ul>\n<p>after</p>\n"
    );
}

TEST(Markdown, EscapesWhatIsNotItsOwn) {
    EXPECT_EQ(
        markdown_html("<script>`<b>`[<i>](javascript:x)", "/docs/"),
        "<p>&lt;script&gt;<code>&lt;b&gt;</code>&lt;i&gt;</p>\n"
    );
}

TEST(Markdown, LeadsRelativeLinksToPagesOfThisServer) {
    EXPECT_EQ(
        markdown_html("[r](../operations/running.md#safety) [e](/docs/errors/x)", "/docs/guides/"),
        "<p><a href=\"/docs/operations/running#safety\">r</a> <a "
        "href=\"/docs/errors/x\">e</a></p>\n"
    );
    EXPECT_EQ(markdown_html("[readme](../../README.md)", "/docs/guides/"), "<p>readme</p>\n");
}

TEST(Markdown, MakesTables) {
    const auto html = markdown_html("| a | b |\n|---|---|\n| `x|y` | 2 |\n", "/docs/");
    EXPECT_TRUE(html.contains("<thead><tr><th>a</th><th>b</th></tr>\n</thead><tbody>"));
    EXPECT_TRUE(html.contains("<tr><td><code>x|y</code></td><td>2</td></tr>"));
}

}  // namespace
}  // namespace sluice::server
