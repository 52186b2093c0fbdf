#include "protocol/common/x_synchronous.hpp"

namespace sluice::protocol {

bool is_synchronous_on_x(const Upload& upload) {
    const Family family = family_of(upload.category);
    return family == Family::image || family == Family::text || !upload.category_given;
}

Result<UploadStatus> finalized_on_x(UploadStatus status) {
    const Upload& upload = status.upload;
    if (!is_synchronous_on_x(upload) || upload.state != UploadState::failed) {
        return status;
    }
    return Error{
        .code = ErrorCode::media_failed,
        .facts = upload.failure->message + ".",
        .media_id = upload.id.value,
        .x_like = ErrorCode::type_mismatch,
    };
}

Result<UploadStatus> status_on_x(UploadStatus status) {
    const Upload& upload = status.upload;
    if (!is_synchronous_on_x(upload)) {
        return status;
    }
    return Error{
        .code = upload.one_shot ? ErrorCode::not_chunked : ErrorCode::already_finalized,
        .facts = "It is " + std::string(name_of(upload.state)) +
                 "; X has no STATUS for what it processes while FINALIZE waits.",
        .media_id = upload.id.value,
        .x_like = ErrorCode::media_unknown,
    };
}

Result<UploadStatus> shown(const Context& context, Result<UploadStatus> status, AsX as_x) {
    if (!status || context.fidelity != Fidelity::faithful) {
        return status;
    }
    status->as_x = true;
    return as_x(std::move(*status));
}

}  // namespace sluice::protocol
