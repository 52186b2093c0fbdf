// A request that has the marks of both resumable protocols: whose words its other fields are, nobody can
// tell.
#pragma once

#include <optional>

#include "base/result.hpp"
#include "http/request.hpp"

namespace sluice::protocol {

inline std::optional<Error> in_two_protocols(const http::Request& request) {
    const bool is_rufh = request.header("Upload-Complete") || request.header("Upload-Incomplete");
    if (!is_rufh || !request.header("Tus-Resumable")) {
        return std::nullopt;
    }
    return Error{
        .code = ErrorCode::parameter_invalid,
        .facts =
            "Tus-Resumable is of tus, and Upload-Complete of HTTP resumable uploads: one request "
            "speaks one of them.",
    };
}

}  // namespace sluice::protocol
