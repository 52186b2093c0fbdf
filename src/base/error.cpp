#include "base/error.hpp"

#include <cerrno>
#include <system_error>

namespace sluice {

Error system_error(int error_number, std::string what) {
    const bool is_full = error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
    what += ": " + std::generic_category().message(error_number);
    return {
        .code = is_full ? ErrorCode::storage_full : ErrorCode::storage_failed,
        .detail = std::move(what)
    };
}

Error sync_error(int error_number, std::string what) {
    Error error = system_error(error_number, std::move(what));
    error.facts = "The disk did not keep what was written: the sync failed (" +
                  std::generic_category().message(error_number) + ").";
    error.is_lost_sync = true;
    return error;
}

}  // namespace sluice
