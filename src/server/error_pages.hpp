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

// Our own Markdown (headings, lists, fences, `code`, [links]()) as a whole HTML page, everything
// escaped.
std::string html_page(const std::string& markdown);

}  // namespace sluice::server
