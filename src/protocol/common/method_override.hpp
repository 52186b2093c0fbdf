// X-HTTP-Method-Override: PATCH and DELETE for lines and libraries that let GET and POST alone through.
#pragma once

#include <string_view>

#include "http/request.hpp"

namespace sluice::protocol {

// Only of POST: otherwise a link could be made to delete.
inline std::string_view method_of(const http::Request& request) {
    const auto wanted = request.header("X-HTTP-Method-Override");
    return wanted && request.method == "POST" ? *wanted : std::string_view(request.method);
}

}  // namespace sluice::protocol
