// The answers of resumable uploads, as far as they are the same for every request. Pure.
#pragma once

#include "base/error.hpp"
#include "core/upload.hpp"
#include "http/request.hpp"
#include "http/response.hpp"
#include "protocol/common/page_origins.hpp"
#include "protocol/rufh/fields.hpp"

namespace sluice::protocol::rufh {

// More bytes than the upload has room for (draft, section on appends: it is to be deactivated).
bool is_overrun(const Error& error);

// Upload-Complete (of interop version 3 Upload-Incomplete) and Upload-Offset.
void add_progress(http::Response& response, const Fields& fields, const Upload& upload);
// The upload as JSON: what it is, its state, where to ask on.
http::Response described(const http::Request& request, const Upload& upload);

// A refusal. `before_it_is`: of a creation, when there is no upload yet: ?1 if asking again is of no use,
// else ?0; nothing of the kind if the request does not ask for an upload that can be resumed. Of an upload it is always ?0, but for a digest of the whole that does not fit. `upload`: as it
// stands, where that helps.
http::Response refused(
    const Error& error,
    const http::Request& request,
    const Fields& fields,
    bool before_it_is,
    const Upload* upload = nullptr
);
// A refusal where no upload is: none of the fields of one.
http::Response gone(const Error& error, const http::Request& request);

// What every answer has, and what pages of other sites may read of it.
void finish(const PageOrigins& pages, const http::Request& request, http::Response& response);
void add_preflight(http::Response& response);

}  // namespace sluice::protocol::rufh
