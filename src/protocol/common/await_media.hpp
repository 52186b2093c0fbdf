// Waits for an upload's processing to end, for callers who expect a final answer at once
// (images, subtitles).
// Bounded; between two looks at the store the loop is free.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "protocol/common/context.hpp"

namespace sluice::protocol {

// Returns at once unless the upload is an image or subtitles and is queued or being processed.
boost::asio::awaitable<Result<UploadStatus>> await_image(
    const Context& context, UploadStatus status
);

}  // namespace sluice::protocol
