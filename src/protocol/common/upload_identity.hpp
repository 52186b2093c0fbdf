// What clients of resumable uploads learn of the upload beyond their protocol: its id, and where it tells how it ends.
#pragma once

#include "core/upload.hpp"
#include "http/response.hpp"

namespace sluice::protocol {

// The link is relative, as Location is: right under whatever scheme and name a proxy in front is reached by.
inline void add_identity(http::Response& response, const Upload& upload) {
    response.set("Sluice-Media-Id", upload.id.text());
    response.set("Link", "</api/v1/uploads/" + upload.id.text() + ">; rel=\"status\"");
}

}  // namespace sluice::protocol
