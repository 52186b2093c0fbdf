#include "protocol/common/stream_hints.hpp"

namespace sluice::protocol {

std::string_view stream_hint(ErrorCode code) {
    switch (code) {
        case ErrorCode::media_unknown:
            return "Use the URL in Location, with the credentials that the upload was created "
                   "with.";
        case ErrorCode::media_expired:
        case ErrorCode::media_canceled:
            return "Create a new upload.";
        case ErrorCode::beyond_total_bytes:
            return "Send no more than the rest; for a longer file create a new upload with its "
                   "length.";
        case ErrorCode::unsupported_media_type:
            return "Send the bytes with that Content-Type.";
        case ErrorCode::rate_limited:
            return "Wait as long as Retry-After says.";
        case ErrorCode::category_missing:
            return "Create the upload with a media_category.";
        case ErrorCode::media_not_ready:
            return "Ask again later: the upload's object says how far its processing is.";
        default:
            return {};
    }
}

}  // namespace sluice::protocol
