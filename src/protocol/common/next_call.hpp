// The call that a caller should make next, as data: it runs as printed. Credentials are never
// printed; a caller who sent some finds the place where they go as a shell variable.
#pragma once

#include <string>

#include "base/json_writer.hpp"
#include "http/request.hpp"

namespace sluice::protocol {

struct NextCall {
    std::string method;
    std::string url;  // absolute
};

// The member "next" of an error: method, url and a curl line.
void append_next(JsonWriter& json, const NextCall& next, const http::Request& request);

}  // namespace sluice::protocol
