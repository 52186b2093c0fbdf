// How large the body of a form may be, whatever is in it. Used where a form is received.
#pragma once

#include <cstdint>
#include <optional>

#include "base/error.hpp"
#include "http/request.hpp"
#include "service/upload_commands.hpp"

namespace sluice::protocol {

// By its Content-Length. A multipart body is judged where its media begins: there it is known what it is for.
std::optional<Error> refuse_announced(const http::Request& request, const UploadLimits& limits);
// A chunked body tells its length only by coming.
std::optional<Error> refuse_received(std::uint64_t bytes, const UploadLimits& limits);

}  // namespace sluice::protocol
