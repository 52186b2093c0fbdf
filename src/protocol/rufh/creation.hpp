// What a request that makes an upload asks for (draft-ietf-httpbis-resumable-upload, "Upload Creation"). Pure.
#pragma once

#include "base/result.hpp"
#include "http/request.hpp"
#include "protocol/rufh/fields.hpp"
#include "service/stream_commands.hpp"

namespace sluice::protocol::rufh {

// Errors: those of its fields.
Result<CreateStream> wanted_of(const http::Request& request, const Fields& fields, Principal owner);

}  // namespace sluice::protocol::rufh
