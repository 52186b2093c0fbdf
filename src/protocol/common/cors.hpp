// Which pages of other sites may upload from a browser (the Fetch standard's CORS protocol): those of all
// sites, or of those that the operator has named.
#pragma once

#include <algorithm>
#include <string>

#include "http/request.hpp"
#include "http/response.hpp"
#include "protocol/common/context.hpp"

namespace sluice::protocol {

// Nothing for a call that no page made, and for a page that may not.
inline void allow_origin(
    const Context& context, const http::Request& request, http::Response& response
) {
    const auto origin = request.header("Origin");
    const auto& named = context.cors_origins;
    if (!named.empty()) {
        response.set("Vary", "Origin");
    }
    if (origin && (named.empty() || std::ranges::find(named, *origin) != named.end())) {
        response.set("Access-Control-Allow-Origin", named.empty() ? "*" : std::string(*origin));
    }
}

}  // namespace sluice::protocol
