// The documentation page of each error code, made of its row in the catalogue and of the protocols'
// own encoders and wire tables: what a page shows as an answer is what the server sends. Pure; used
// by the docs endpoint and by write_error_pages.
#pragma once

#include <string>

#include "base/error_catalogue.hpp"

namespace sluice::server {

// Markdown with one "# Title".
std::string error_page(const ErrorEntry& entry);

// The list of all pages, as Markdown.
std::string error_index();

// The registry as JSON: {"data":[{"code","status","title","hint","retryable","mistakes","doc_url"}]}.
std::string error_registry(const std::string& base_url);

// Our own Markdown (markdown.hpp) as a whole HTML page. `folder`: where it stands, for its links.
std::string html_page(const std::string& markdown, std::string_view folder = "/docs/errors/");
// `body` is HTML.
std::string html_frame(const std::string& title, const std::string& body);

}  // namespace sluice::server
