// What a caller should know though the call was answered: the header Sluice-Notice, with a Link to the
// page. The same stands in the answer of STATUS (x_media). In every fidelity.
#pragma once

#include "core/upload.hpp"
#include "http/request.hpp"
#include "http/response.hpp"

namespace sluice::protocol {

// category_missing, where the category was guessed and X would have done otherwise; and a notice of
// each kind of thing that was converted and that X would have refused.
void add_notice_headers(
    http::Response& response, const Upload& upload, const http::Request& request
);

}  // namespace sluice::protocol
