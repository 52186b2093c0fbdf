#include "protocol/common/form_size.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.hpp"

namespace sluice::protocol {
namespace {

// The largest media as base64 with "+" and "/" percent-encoded, and room for other parameters.
std::uint64_t body_max(const UploadLimits& limits) {
    return std::max(limits.segment_bytes_max, limits.one_shot_bytes_max).value * 4 + (1 << 20);
}

Error body_too_large(std::string came, const UploadLimits& limits) {
    return {
        .code = ErrorCode::body_too_large,
        .facts = std::move(came) + "; no call takes more than " + std::to_string(body_max(limits)) +
                 ", and one segment at most " + std::to_string(limits.segment_bytes_max.value) +
                 ".",
    };
}

}  // namespace

std::optional<Error> refuse_announced(const http::Request& request, const UploadLimits& limits) {
    const std::uint64_t announced = request.content_length.value_or(0);
    if (announced <= body_max(limits) ||
        lower_case(request.header("Content-Type").value_or("")).starts_with("multipart/")) {
        return std::nullopt;
    }
    return body_too_large("The body has " + std::to_string(announced) + " bytes", limits);
}

std::optional<Error> refuse_received(std::uint64_t bytes, const UploadLimits& limits) {
    return bytes > body_max(limits)
               ? std::optional(
                     body_too_large("At least " + std::to_string(bytes) + " bytes came", limits)
                 )
               : std::nullopt;
}

}  // namespace sluice::protocol
