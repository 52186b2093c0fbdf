// The console at / and below: the files of web/, each with its ETag, compressed where the client takes
// it. All screens are the same page, whose script looks at the address. Open to everybody; no state.
#pragma once

#include <string_view>

#include "http/request.hpp"
#include "http/response.hpp"

namespace sluice::server {

class ConsoleEndpoint {
  public:
    static bool serves(std::string_view path);
    static http::Response handle(const http::Request& request);
};

}  // namespace sluice::server
