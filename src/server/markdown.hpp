// The Markdown of our own pages as HTML: headings, lists, tables, fences, `code`, **bold** and
// [links](…). Not a general converter; everything else is escaped, so no page can bring a tag along.
#pragma once

#include <string>
#include <string_view>

namespace sluice::server {

std::string escaped_html(std::string_view text);
// "The `what` of it" -> "the-what-of-it": what a link behind '#' names.
std::string anchor_of(std::string_view heading);

// `folder`: where the page stands, "/docs/guides/", for its relative links. A link to what this server
// has no page for is shown as its text.
std::string markdown_html(std::string_view markdown, std::string_view folder);

}  // namespace sluice::server
