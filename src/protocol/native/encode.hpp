// An upload as JSON (contract, section 5).
#pragma once

#include <string>

#include "http/request.hpp"
#include "http/response.hpp"
#include "protocol/common/context.hpp"

namespace sluice::protocol::native {

http::Response upload_answer(const UploadDetails& details, const http::Request& request);
http::Response list_answer(
    const std::vector<UploadDetails>& uploads, bool has_more, const http::Request& request
);

}  // namespace sluice::protocol::native
