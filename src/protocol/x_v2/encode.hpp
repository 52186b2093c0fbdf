// X v2's answers: everything wrapped in "data", ids as strings under "id" (reference 3).
#pragma once

#include "http/request.hpp"
#include "http/response.hpp"
#include "protocol/common/context.hpp"

namespace sluice::protocol::x_v2 {

// `status_code`: 200, or 202 and 201 in the command= form.
http::Response initialized(const Upload& upload, WallTime now, int status_code);
http::Response appended(const Upload& upload);
http::Response appended_by_command();
http::Response media_answer(
    const UploadStatus& status,
    WallTime now,
    int status_code,
    bool with_processing,
    std::string_view base_url
);
http::Response refused(const Error& error, const http::Request& request, Fidelity fidelity);
// method_not_allowed, for a path that takes these methods only.
http::Response not_allowed(const http::Request& request, Fidelity fidelity, const char* allowed);

}  // namespace sluice::protocol::x_v2
