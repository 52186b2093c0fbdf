// What X does while the caller waits, so that --fidelity faithful can answer alike: pictures,
// subtitles, and whatever came without a category have no processing that could be asked about
// (reference 2.6, 5).
#pragma once

#include "base/result.hpp"
#include "protocol/common/context.hpp"
#include "service/uploads.hpp"

namespace sluice::protocol {

bool is_synchronous_on_x(const Upload& upload);

// FINALIZE of something that X processes at once: what cannot be processed is refused there.
Result<UploadStatus> finalized_on_x(UploadStatus status);

// STATUS as X has it: nothing is known of media without processing.
Result<UploadStatus> status_on_x(UploadStatus status);

// In faithful fidelity an outcome is what X would make of it.
using AsX = Result<UploadStatus> (*)(UploadStatus);
Result<UploadStatus> shown(const Context& context, Result<UploadStatus> status, AsX as_x);

}  // namespace sluice::protocol
