#include "protocol/tus/creation.hpp"

#include <utility>

#include "protocol/common/idempotency_key.hpp"
#include "protocol/common/upload_metadata.hpp"
#include "protocol/tus/fields.hpp"

namespace sluice::protocol::tus {

bool has_bytes_for_it(const http::Request& request) {
    return request.has_body() &&
           essence_of(request.header("Content-Type").value_or("")) == body_type;
}

Result<CreateStream> wanted_of(const http::Request& request, Principal owner) {
    const auto metadata = upload_metadata_of(request.joined("Upload-Metadata"));
    if (!metadata) {
        return metadata.error();
    }
    auto key = idempotency_key_of(request);
    if (!key) {
        return key.error();
    }
    CreateStream wanted{
        .owner = std::move(owner),
        .category = metadata->category,
        .media_type = metadata->media_type,
        .file_name = metadata->file_name,
        .told = told_of(request),
        .protocol = protocol_name,
        .idempotency_key = *std::move(key),
    };
    if (request.header("Upload-Concat")) {
        auto concat = concat_of(request);
        if (!concat) {
            return concat.error();
        }
        wanted.kind = concat->is_partial ? UploadKind::part : UploadKind::joined;
        wanted.parts = std::move(concat->parts);
    }
    if (wanted.kind != UploadKind::joined) {
        const auto length = length_of(request);
        if (!length) {
            return length.error();
        }
        wanted.length = *length;
    } else if (request.header("Upload-Length") || request.header("Upload-Defer-Length")) {
        const Error error{
            .code = ErrorCode::concatenation_invalid,
            .facts = "The length of a final upload is that of its parts; it was told as well.",
        };
        return error;
    }
    return wanted;
}

Result<void> bytes_fit(const http::Request& request, const CreateStream& wanted) {
    if (!has_bytes_for_it(request)) {
        return ok();
    }
    if (wanted.kind == UploadKind::joined) {
        return Error{
            .code = ErrorCode::concatenation_invalid,
            .facts =
                "A final upload has the bytes of its parts; this one came with some of its own.",
        };
    }
    const auto length = ByteCount{request.content_length.value_or(0)};
    if (wanted.length && length > *wanted.length) {
        return Error{
            .code = ErrorCode::beyond_total_bytes,
            .facts = "The body has " + std::to_string(length.value) +
                     " bytes, Upload-Length says " + std::to_string(wanted.length->value) + ".",
        };
    }
    return ok();
}

}  // namespace sluice::protocol::tus
