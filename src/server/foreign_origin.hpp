// Keeps web pages of other sites away from a server that believes anybody, on the visitor's own
// machine (--auth open). A browser sends a form without asking, and names the page's site in Origin
// (CSRF). A page whose name leads here by now (DNS rebinding) may send what it likes and read the
// answers; it is known by its name in Host, which is not one of this machine. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/error.hpp"
#include "http/request.hpp"

namespace sluice::server {

// host_not_allowed, if the request is one of such a page: a write of another Origin, or any call of
// the native API at a name that could be a stranger's. X's API is served at every name, since
// clients choose it. `names`: hosts of this server whose pages may.
std::optional<Error> foreign_page(
    const http::Request& request, std::span<const std::string> names = {}
);

}  // namespace sluice::server
