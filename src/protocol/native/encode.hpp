// An upload as JSON (contract, section 5).
#pragma once

#include <string>

#include "http/request.hpp"
#include "http/response.hpp"
#include "protocol/common/context.hpp"

namespace sluice::protocol::native {

// `signer`: if given, the URLs of outputs are signed.
http::Response upload_answer(
    const Medium& medium, const http::Request& request, const UrlSigner* signer
);
http::Response list_answer(
    const UploadList& list, const http::Request& request, const UrlSigner* signer
);

}  // namespace sluice::protocol::native
