// The call that a caller should make next, as data: it runs as printed. Credentials are never
// printed; a caller who sent some finds the place where they go as a shell variable.
#pragma once

#include <cstdint>
#include <string>

#include "base/json_writer.hpp"
#include "http/request.hpp"

namespace sluice::protocol {

struct NextCall {
    std::string method;
    std::string url;  // absolute
};

// DELETE of the native API: ends an upload and frees what it reserves.
NextCall cancel_call(std::uint64_t media_id, const http::Request& request);

// The member "next" of an error: method, url and a curl line.
void append_next(JsonWriter& json, const NextCall& next, const http::Request& request);

}  // namespace sluice::protocol
