// What a page of another site that has uploaded (by tus or RUFH) may read afterwards: how its upload ended, by each API that
// tells it, and the original, where a GET of the upload leads. The calls beside these are not for pages of other sites.
#pragma once

#include <optional>

#include "http/request.hpp"
#include "http/response.hpp"
#include "protocol/common/page_origins.hpp"

namespace sluice::server {

// The answer to a browser that asks whether such a page may read; nothing for any other request, and for a page
// that may not.
std::optional<http::Response> read_preflight(
    const protocol::PageOrigins& pages, const http::Request& request
);

// Errors included.
void let_page_read(
    const protocol::PageOrigins& pages, const http::Request& request, http::Response& response
);

}  // namespace sluice::server
