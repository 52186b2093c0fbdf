// The frame around every page of the documentation: what it is part of, and a search. No scripts.
#include <string>

#include "server/error_pages.hpp"
#include "server/markdown.hpp"

namespace sluice::server {

std::string html_frame(const std::string& title, const std::string& body) {
    return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
           "<meta name=\"color-scheme\" content=\"light dark\"><title>" +
           escaped_html(title) +
           " - Sluice</title><link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">"
           "<link rel=\"stylesheet\" href=\"/docs.css\"></head><body>\n"
           "<header><a class=\"home\" href=\"/\">Sluice</a><nav aria-label=\"Documentation\">"
           "<a href=\"/docs\">Docs</a><a href=\"/docs/quickstart\">Quickstart</a>"
           "<a href=\"/docs/api\">API</a><a href=\"/docs/errors/\">All errors</a></nav>"
           "<form action=\"/docs/search\" role=\"search\"><input type=\"search\" name=\"q\" "
           "aria-label=\"Search the documentation\" required maxlength=\"100\">"
           "<button>Search</button></form></header>\n<main>\n" +
           body + "</main></body></html>\n";
}

std::string html_page(const std::string& markdown, std::string_view folder) {
    const std::string_view text = markdown;
    const auto title = text.substr(0, text.find('\n'));
    return html_frame(std::string(title.substr(2)), markdown_html(markdown, folder));
}

}  // namespace sluice::server
