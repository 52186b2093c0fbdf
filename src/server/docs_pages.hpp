// The pages under /docs besides those of the errors: index, guides, API, search. Made of what is in
// the program. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::server {

// All but the first are whole HTML pages.
// The Markdown of "quickstart" or "guides/outputs"; nothing if there is no such page.
std::optional<std::string_view> docs_markdown(std::string_view name);
std::string docs_index();
std::string docs_search(std::string_view words);
// Of /openapi.json.
std::string docs_api();

}  // namespace sluice::server
