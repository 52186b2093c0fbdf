// Keeps web pages of other sites from writing to a server on the visitor's own machine: a browser
// sends such a form without asking, and names the page's site in Origin (CSRF; DNS rebinding too,
// since the name of the page is then not one of the loopback). A caller who sends credentials is no
// such page: a browser would have asked first, and is not answered. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/error.hpp"
#include "http/request.hpp"

namespace sluice::server {

// host_not_allowed, if the request is one. `names`: hosts of this server whose pages may.
std::optional<Error> foreign_origin(
    const http::Request& request, std::span<const std::string> names = {}
);

}  // namespace sluice::server
