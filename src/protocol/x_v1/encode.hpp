// X v1.1's answers: bytes as X sends them (reference 2), numbers with their _string twins.
#pragma once

#include "http/request.hpp"
#include "http/response.hpp"
#include "protocol/common/context.hpp"

namespace sluice::protocol::x_v1 {

http::Response initialized(const Upload& upload, WallTime now);
// 204 and nothing else: clients die on any body, and one on a JSON label.
http::Response appended(const Upload& upload, Fidelity fidelity);
// `status_code`: 201 for FINALIZE, 200 for a one-shot.
http::Response finalized(
    const UploadStatus& status, WallTime now, int status_code, std::string_view base_url
);
http::Response status_answer(const UploadStatus& status, WallTime now, std::string_view base_url);

// {"errors":[{"code","message"}],"sluice":{…}}, or what X itself would say.
http::Response refused(const Error& error, const http::Request& request, Fidelity fidelity);
// method_not_allowed, for a path that takes one method.
http::Response not_allowed(const http::Request& request, Fidelity fidelity, const char* allowed);

// X writes each slash in its JSON as "\/" (reference 2.1). No JSON has one outside of a text.
void escape_slashes(http::Response& response);

}  // namespace sluice::protocol::x_v1
