// Keeps web pages of other sites away from a server that believes anybody, on the visitor's own
// machine (--auth open). A browser sends a form without asking, and names the page's site in Origin
// (CSRF). A page whose name leads here by now (DNS rebinding) may send what it likes and read the
// answers; it is known by its name in Host, which is not one of this machine. Pure.
#pragma once

#include <optional>

#include "base/error.hpp"
#include "http/request.hpp"
#include "protocol/common/page_origins.hpp"

namespace sluice::server {

// host_not_allowed, if the request is one of such a page: a write of another Origin, the question for one where
// pages of other sites may upload, or any call of the native API at a name that could be a stranger's. X's API
// is served at every name, since clients choose it.
std::optional<Error> foreign_page(const http::Request& request, const protocol::PageOrigins& pages);

}  // namespace sluice::server
