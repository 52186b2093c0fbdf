// What a page of another site is told in header fields (the Fetch standard's CORS protocol).
#pragma once

#include <string>

#include "http/request.hpp"
#include "http/response.hpp"
#include "protocol/common/page_origins.hpp"

namespace sluice::protocol {

// Nothing for a call that no page made, and for a page that may not; but what a cache keeps of it is not for
// a page that may.
inline void allow_origin(
    const PageOrigins& pages, const http::Request& request, http::Response& response
) {
    const auto origin = request.header("Origin");
    if (!pages.has_all()) {
        response.set("Vary", "Origin");
    }
    if (origin && pages.has(*origin)) {
        response.set("Access-Control-Allow-Origin", pages.has_all() ? "*" : std::string(*origin));
    }
}

}  // namespace sluice::protocol
