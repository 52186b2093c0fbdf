// GET /docs and below: index, guides, API, search. GET /docs/errors/ and /docs/errors/{code} (Markdown, or HTML for who prefers it; with ".md" always
// Markdown), and the registry as JSON under GET /api/v1/errors. Open to everybody; no state.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "http/request.hpp"
#include "http/response.hpp"

namespace sluice::server {

class DocsEndpoint {
  public:
    static bool serves(std::string_view path);
    static http::Response handle(const http::Request& request);
};

// A browser names text/html; curl and the clients do not.
bool wants_html(const http::Request& request);
// For a browser a page, for everybody else a problem.
http::Response no_such_page(const Error& error, const http::Request& request);

}  // namespace sluice::server
